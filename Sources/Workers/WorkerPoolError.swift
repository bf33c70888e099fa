/// Why a pool did not take an item.
package enum WorkerPoolError: Error, Hashable, Sendable {
  /// As many items wait as may wait.
  case overloaded(waiting: Int)
  /// The pool is being drained or has stopped.
  case draining
}

extension WorkerPoolError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .overloaded(let waiting): "worker pool: \(waiting) items wait, which is its limit; submit again later"
    case .draining: "worker pool: stopping, the item was not taken; it will be when the process has started again"
    }
  }
}
