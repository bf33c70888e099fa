import HTTP

/// One call, from the moment it is made to the end of its response. On the loop only.
///
/// At every moment someone carries it: the pool while it waits, then the conversation it runs in. What becomes of the response is the
/// subclass's to say.
class Call {
  /// How often a server may refuse a call without looking at it before its caller hears of that.
  static let refusalsLimit = 3

  final let request: ClientRequest
  final weak var carrier: (any CallCarrier)?
  /// A call whose connection was lost is moved to another one once at most.
  final var wasMoved = false
  /// How often a server has said that it has not looked at the request.
  final var refusals = 0
  /// Whether the head of the final response has come.
  final private(set) var hasHead = false
  final private(set) var isOver = false

  init(_ request: ClientRequest) { self.request = request }

  final var origin: String { request.origin.description }

  // MARK: For whoever carries it

  final func receive(_ head: HTTPResponse) {
    guard !isOver else { return }
    hasHead = true
    headCame(head)
  }

  final func receive(_ content: [UInt8]) { if !isOver, !content.isEmpty { contentCame(content) } }

  /// Says the last word, unless it has been said.
  /// - Parameter error: why there is no response, or not all of it; nil where it is complete.
  final func end(_ error: HTTPClientError? = nil) {
    guard !isOver else { return }
    isOver = true
    carrier = nil
    ended(error)
  }

  /// Ends the call from our side, and tells whoever carries it.
  final func abandon(_ error: HTTPClientError) {
    guard !isOver else { return }
    let carrier = carrier
    end(error)
    carrier?.abandoned(self)
  }

  // MARK: For a subclass to say

  /// Whether the content goes to its reader in pieces, which are used up as it takes them.
  var isStreamed: Bool { false }
  /// When `overdue` is to be asked next.
  var deadline: ContinuousClock.Instant { preconditionFailure("a call without a deadline") }
  /// Why the call is to end now; nil where it is not.
  func overdue(_ now: ContinuousClock.Instant) -> HTTPClientError? { nil }
  /// - Parameter head: its content is not in it.
  func headCame(_ head: HTTPResponse) {}
  func contentCame(_ content: [UInt8]) {}
  func ended(_ error: HTTPClientError?) {}
}

/// Who has a call in hand.
protocol CallCarrier: AnyObject {
  /// The call is over, by our own doing: nothing more of it is wanted.
  func abandoned(_ call: Call)
  /// The reader of a streamed call has used up so many bytes of what it was given.
  func consumed(_ count: Int, of call: Call)
}

extension CallCarrier {
  /// Of a call that waits nothing has come.
  func consumed(_ count: Int, of call: Call) {}
}
