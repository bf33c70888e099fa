import HTTPClient

/// What a failed call says of the API server as a whole.
package enum ServerHealth: Hashable, Sendable {
  /// It answered, and the answer is about this call alone.
  case working
  /// It cannot be reached, does not answer in time, is too busy, or has a fault of its own: other calls will fare the same.
  case failing
  /// It was not asked.
  case unknown
}

extension APIError {
  package var serverHealth: ServerHealth {
    switch self {
    case .refused:
      switch disposition {
      case .retry(.timeout, _), .retry(.throttled, _), .retry(.server, _): .failing
      default: .working
      }
    case .unanswered(_, let error):
      switch error {
      // Our own queue of calls is full, or our client has stopped.
      case .overloaded, .shutDown: .unknown
      case .responseTooLarge: .working
      case .connect, .connectionLost, .malformedResponse, .deadlineExceeded, .refused: .failing
      }
    case .unreadable: .failing
    case .invalidName, .credentials: .unknown
    }
  }
}

extension RestartError {
  package var serverHealth: ServerHealth {
    switch self {
    case .api(let error): error.serverHealth
    // Each of them comes after an answer to a read.
    case .paused, .unchanged, .contended, .notJournaled: .working
    }
  }
}
