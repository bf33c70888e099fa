import DequeModule
import HTTP

/// A call whose response goes to its reader in pieces, for as long as the server has something to say.
///
/// What the reader has not taken is kept, and is not credited to the server: at most a window of HTTP/2, or with HTTP/1.1 what had been
/// read from the socket when reading was paused.
final class StreamedCall: Call {
  typealias Head = Result<HTTPResponse, HTTPClientError>
  typealias Piece = Result<[UInt8]?, HTTPClientError>

  /// Small pieces are joined up to this size, so that what is kept is not mostly bookkeeping.
  private static let pieceBytes = 16 << 10

  private let headLimit: Duration
  private let silenceLimit: Duration
  private let headDue: ContinuousClock.Instant
  /// When the last bytes came, or the reader made room for more.
  private var lastMoved = ContinuousClock.now
  private var pieces = Deque<[UInt8]>()
  private var starter: CheckedContinuation<Head, Never>?
  private var reader: CheckedContinuation<Piece, Never>?
  /// How the call has ended; the reader hears of it after the last piece.
  private var outcome: Result<Void, HTTPClientError>?

  init(_ request: ClientRequest, headWithin headLimit: Duration, silenceLimit: Duration) {
    self.headLimit = headLimit
    self.silenceLimit = silenceLimit
    headDue = .now + headLimit
    super.init(request)
  }

  /// Takes the one who waits for the head. - Returns: false where the call was over before it began; then it is answered at once.
  func begin(_ continuation: CheckedContinuation<Head, Never>) -> Bool {
    if case .failure(let error) = outcome {
      continuation.resume(returning: .failure(error))
      return false
    }
    starter = continuation
    return true
  }

  /// Gives the next piece to `continuation`, when there is one; nil at the end.
  func read(_ continuation: CheckedContinuation<Piece, Never>) {
    if let piece = pieces.popFirst() {
      continuation.resume(returning: .success(piece))
      hasTaken(piece.count)
    } else if let outcome {
      continuation.resume(returning: outcome.map { nil })
    } else {
      precondition(reader == nil, "two tasks read one response")
      reader = continuation
    }
  }

  /// Nobody reads on.
  func cancel() {
    pieces = []
    abandon(.connectionLost(origin: origin, reason: "the call was cancelled"))
  }

  private func hasTaken(_ count: Int) {
    lastMoved = .now
    carrier?.consumed(count, of: self)
  }

  // MARK: Call

  override var isStreamed: Bool { true }

  /// Before the head has come it is looked at as often as after, because nobody sets the clock anew when it comes.
  override var deadline: ContinuousClock.Instant { hasHead ? lastMoved + silenceLimit : min(headDue, .now + silenceLimit) }

  override func overdue(_ now: ContinuousClock.Instant) -> HTTPClientError? {
    guard hasHead else { return now >= headDue ? .deadlineExceeded(origin: origin, after: headLimit) : nil }
    // While something is unread the silence may be of our own making.
    if !pieces.isEmpty { lastMoved = now }
    return now >= lastMoved + silenceLimit ? .connectionLost(origin: origin, reason: "nothing came for \(silenceLimit)") : nil
  }

  override func headCame(_ head: HTTPResponse) {
    lastMoved = .now
    starter?.resume(returning: .success(head))
    starter = nil
  }

  override func contentCame(_ content: [UInt8]) {
    lastMoved = .now
    if let reader {
      self.reader = nil
      reader.resume(returning: .success(content))
      hasTaken(content.count)
    } else if let last = pieces.indices.last, pieces[last].count + content.count <= Self.pieceBytes {
      pieces[last] += content
    } else {
      pieces.append(content)
    }
  }

  override func ended(_ error: HTTPClientError?) {
    let outcome: Result<Void, HTTPClientError> = error.map { .failure($0) } ?? .success(())
    self.outcome = outcome
    if let error { starter?.resume(returning: .failure(error)) }
    starter = nil
    reader?.resume(returning: outcome.map { nil })
    reader = nil
  }
}
