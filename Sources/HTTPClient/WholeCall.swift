import HTTP

/// A call whose response is wanted as a whole, before a deadline.
final class WholeCall: Call {
  typealias Outcome = Result<ClientResponse, HTTPClientError>

  /// How long the whole call may take.
  private let limit: Duration
  private let due: ContinuousClock.Instant
  private var head: HTTPResponse?
  private var content: [UInt8] = []
  private var continuation: CheckedContinuation<Outcome, Never>?
  /// A call may be cancelled before it began; `begin` gives it its outcome then.
  private var outcome: Outcome?

  init(_ request: ClientRequest, within limit: Duration) {
    self.limit = limit
    due = .now + limit
    super.init(request)
  }

  /// Takes the one who waits. - Returns: false where the call was over before it began; then it is answered at once.
  func begin(_ continuation: CheckedContinuation<Outcome, Never>) -> Bool {
    if let outcome {
      continuation.resume(returning: outcome)
      return false
    }
    self.continuation = continuation
    return true
  }

  // MARK: Call

  override var deadline: ContinuousClock.Instant { due }

  override func overdue(_ now: ContinuousClock.Instant) -> HTTPClientError? {
    now >= due ? .deadlineExceeded(origin: origin, after: limit) : nil
  }

  override func headCame(_ head: HTTPResponse) { self.head = head }

  override func contentCame(_ content: [UInt8]) {
    guard self.content.count + content.count <= request.responseBytesLimit else {
      return abandon(.responseTooLarge(origin: origin, limit: request.responseBytesLimit))
    }
    if self.content.isEmpty { self.content = content } else { self.content += content }
  }

  override func ended(_ error: HTTPClientError?) {
    let outcome: Outcome
    if let error {
      outcome = .failure(error)
    } else if let head {
      outcome = .success(ClientResponse(status: head.status, fields: head.fields, content: content))
    } else {
      preconditionFailure("a response ends without having begun")
    }
    self.outcome = outcome
    content = []
    continuation?.resume(returning: outcome)
    continuation = nil
  }
}
