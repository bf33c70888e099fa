import HTTP
import HTTP2

extension FuzzTarget {
  /// The first byte says how the connection is run, the rest is what the client sends.
  static func checkHTTP2Server(_ input: [UInt8]) throws(BrokenClaim) {
    guard let first = input.first else { return }
    let rules = ServerRules(rawValue: first)
    let start = rules.contains(.bare) ? [] : HTTP2Preface.bytes + [0, 0, 0, 4, 0, 0, 0, 0, 0]
    let pieces = Pieces(start + input.dropFirst())
    let whole = try ServerConversation.said(of: pieces.whole, rules)
    let said = try ServerConversation.said(of: pieces.uneven(upTo: 40), rules)
    // Time, and output that waits, depend on the pieces by intent.
    if rules.isDisjoint(with: [.timePasses, .clientStopsReading]) {
      try claimSame(whole, said) { $0.dependsOnPieces }
    }
  }
}

private struct ServerRules: OptionSet {
  let rawValue: UInt8

  /// The input has the preface itself.
  static let bare = ServerRules(rawValue: 1)
  /// Limits that a short input can pass.
  static let tight = ServerRules(rawValue: 2)
  /// A second passes before each piece.
  static let timePasses = ServerRules(rawValue: 4)
  /// Output is taken and stays unsent.
  static let clientStopsReading = ServerRules(rawValue: 8)
  /// The server drains after its second head.
  static let drains = ServerRules(rawValue: 16)
  /// Whole requests are answered when the next head comes.
  static let answersLate = ServerRules(rawValue: 32)

  var limits: HTTP2Limits {
    var limits = HTTP2Limits()
    guard contains(.tight) else { return limits }
    limits.concurrentStreamsLimit = 3
    limits.requestsLimit = 5
    // More than the content may have: what passes a window in one piece is in order in several, as some of it is used up between them.
    limits.streamWindowBytes = 400
    limits.fieldSectionBytesLimit = 300
    limits.incompleteContentBytesLimit = 100
    limits.unsentBytesLimit = 4 << 10
    limits.resets = HTTP2Limits.Allowance(burst: 3, perSecond: 1)
    limits.controlFrames = HTTP2Limits.Allowance(burst: 10, perSecond: 1)
    return limits
  }

  var contentBytesLimit: Int { contains(.tight) ? 300 : 2000 }
}

/// A server's session with a service that decides by the last character of the path.
private final class ServerConversation {
  /// What must not depend on how the bytes come. Where a frame makes its stream malformed and then breaks the connection, the library
  /// does without resetting the stream if it has the whole frame at once: so the ends of streams are counted, not compared.
  enum Said: Equatable {
    case head(HTTP2StreamID, HTTPMethod, String, HTTP2ServerSession.HeadFacts)
    case request(HTTP2StreamID, [UInt8])
    case failed(HTTP2StreamID, HTTP2RequestError)
    case finished
    case error(HTTP2Error)

    /// The connection is closed after the end, and bytes behind it are looked at only where they came with it. A frame that makes its
    /// stream malformed and then breaks the connection ends it by whichever is noticed first: the reset, which may be one too many, or
    /// the breach. Content over its limit is refused as soon as the limit is passed: if more of its frame has not come by then, the
    /// stream is reset, and what follows on it is ignored; if all has come, with END_STREAM, the same is a frame on a closed stream. Where it
    /// passes the stream's window too, it ends by whichever is noticed first.
    var dependsOnPieces: Bool {
      switch self {
      case .finished, .error(.tooManyResets), .error(.violation(.streamClosed, _)), .failed(_, .contentTooLarge): true
      default: false
      }
    }
  }

  private enum Stage { case announced, requested, failed, ended }

  private let rules: ServerRules
  private let limits: HTTP2Limits
  private let session: HTTP2ServerSession
  private var now: ContinuousClock.Instant
  private var said: [Said] = []
  private var stages: [HTTP2StreamID: Stage] = [:]
  private var owed: [HTTP2StreamID] = []
  private var headCount = 0

  static func said(of pieces: [ArraySlice<UInt8>], _ rules: ServerRules) throws(BrokenClaim) -> [Said] {
    let conversation = try ServerConversation(rules)
    for piece in pieces where conversation.said.last != .finished { try conversation.feed(piece) }
    return conversation.said
  }

  private init(_ rules: ServerRules) throws(BrokenClaim) {
    self.rules = rules
    limits = rules.limits
    now = .now
    do throws(HTTP2Error) {
      session = try HTTP2ServerSession(
        limits: limits, http: HTTPLimits(fieldCountLimit: 20, contentBytesLimit: rules.contentBytesLimit), at: now)
    } catch {
      throw BrokenClaim("no session: \(error)")
    }
  }

  private func feed(_ bytes: ArraySlice<UInt8>) throws(BrokenClaim) {
    if rules.contains(.timePasses) { now += .seconds(1) }
    session.receive(bytes.span, at: now)
    repeat {
      try advance()
      let output = session.takeOutput()
      try claim(output.count <= limits.unsentBytesLimit + 64 << 10, "\(output.count) bytes of output at once")
      if !rules.contains(.clientStopsReading) { session.unsentBytes = 0 }
    } while session.canContinue
    try checkState()
  }

  private func checkState() throws(BrokenClaim) {
    let open = stages.values.filter { $0 != .ended }.count
    try claim(session.openStreamCount <= limits.concurrentStreamsLimit, "\(session.openStreamCount) streams are open")
    let most =
      limits.incompleteContentBytesLimit + limits.concurrentStreamsLimit * limits.streamWindowBytes + rules.contentBytesLimit
    try claim((0...most).contains(session.incompleteContentBytes), "\(session.incompleteContentBytes) bytes of content are kept")
    switch said.last {
    case .error: break
    case .finished: try claim(open == 0 && session.openStreamCount == 0, "it has finished with \(open) streams not over")
    default: try claim(open <= session.openStreamCount, "\(open) streams are not over, \(session.openStreamCount) are open")
    }
  }

  private func advance() throws(BrokenClaim) {
    while true {
      let step: HTTP2ServerSession.Step
      do throws(HTTP2Error) {
        step = try session.next()
      } catch {
        if case .error(let before)? = said.last { return try claim(before == error, "after \(before): \(error)") }
        return said.append(.error(error))
      }
      if case .error(let error)? = said.last { throw BrokenClaim("after \(error): \(step)") }
      switch step {
      case .needsMore: return
      case .finished:
        if said.last != .finished { said.append(.finished) }
        return
      case .rejected: break
      case .head(let id, let request, let facts):
        try claim(stages[id] == nil, "a second head on \(id)")
        try claim(request.content.isEmpty && request.target.utf8.first.map { $0 == 0x2F || $0 == 0x2A } ?? false, "\(request)")
        stages[id] = .announced
        said.append(.head(id, request.method, request.target, facts))
        judge(id, request, facts)
      case .request(let id, let request):
        try claim(stages[id] == .announced, "a request on \(id), which is \(String(describing: stages[id]))")
        try claim(request.content.count <= rules.contentBytesLimit, "\(request.content.count) bytes of content")
        stages[id] = .requested
        said.append(.request(id, request.content))
        if rules.contains(.answersLate) { owed.append(id) } else { answer(id, bytes: request.content.count) }
      case .failed(let id, let error):
        try claim(stages[id] == nil || stages[id] == .announced, "a failure on \(id), which is \(String(describing: stages[id]))")
        stages[id] = .failed
        said.append(.failed(id, error))
        session.respond(HTTPResponse(error.status), to: id, date: "now")
      case .ended(let id, _):
        try claim(stages[id].map { $0 != .ended } ?? false, "an end of \(id), which is \(String(describing: stages[id]))")
        stages[id] = .ended
      }
    }
  }

  private func judge(_ id: HTTP2StreamID, _ request: HTTPRequest, _ facts: HTTP2ServerSession.HeadFacts) {
    headCount += 1
    for id in owed { answer(id, bytes: 5) }
    owed = []
    switch request.path.utf8.last {
    case UInt8(ascii: "r"): session.respond(HTTPResponse(.unauthorized, text: "no"), to: id, date: "now")
    case UInt8(ascii: "c"): session.reset(id, .cancel)
    case UInt8(ascii: "b"): answer(id, bytes: 100_000)
    case UInt8(ascii: "s"): session.acceptContent(limit: 10, of: id)
    default:
      session.acceptContent(limit: .max, of: id)
      if facts.expectsContinue { session.sendContinue(on: id) }
    }
    if headCount == 2, rules.contains(.drains) { session.drain() }
  }

  private func answer(_ id: HTTP2StreamID, bytes: Int) {
    session.respond(HTTPResponse(.ok, content: Array(repeating: 0x61, count: bytes)), to: id, date: "now")
  }
}
