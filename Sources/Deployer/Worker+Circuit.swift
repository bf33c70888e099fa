import Logging
import Workers

extension Worker {
  /// Says in the log that restarts wait for the API server, and that they do no longer.
  @Sendable func circuitChanged(_ change: CircuitChange) {
    switch change {
    case .opened(let failures, let last):
      logger.error(
        "circuit opened", metadata: ["failures": "\(failures)", "reason": "\(last.reason)", "error": "\(last.detail)"])
    case .closed: logger.info("circuit closed")
    }
  }
}
