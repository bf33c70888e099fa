/// One call, from `send` to its result. On the loop only.
final class Call {
  let request: ClientRequest
  /// How long the whole call may take.
  let limit: Duration
  let deadline: ContinuousClock.Instant
  private var continuation: CheckedContinuation<Result<ClientResponse, HTTPClientError>, Never>?
  /// The connection that is busy with the call.
  weak var connection: ClientConnection?
  /// A call is moved to another connection once at most.
  var wasMoved = false
  /// Set once a result is known. A call may be cancelled before it began; `begin` gives it its result then.
  private var result: Result<ClientResponse, HTTPClientError>?

  var isOver: Bool { result != nil }

  init(_ request: ClientRequest, within limit: Duration) {
    self.request = request
    self.limit = limit
    deadline = .now + limit
  }

  /// Gives the result, unless there is one already.
  func finish(_ result: Result<ClientResponse, HTTPClientError>) {
    guard self.result == nil else { return }
    self.result = result
    connection = nil
    continuation?.resume(returning: result)
    continuation = nil
  }

  /// Takes the one who waits. - Returns: false where the call was over before it began; then it is answered at once.
  func begin(_ continuation: CheckedContinuation<Result<ClientResponse, HTTPClientError>, Never>) -> Bool {
    if let result {
      continuation.resume(returning: result)
      return false
    }
    self.continuation = continuation
    return true
  }

  /// Ends the call from our side. Its connection cannot be used again: the response may still come.
  func abandon(_ error: HTTPClientError) {
    guard !isOver else { return }
    let connection = connection
    finish(.failure(error))
    connection?.close()
  }
}
