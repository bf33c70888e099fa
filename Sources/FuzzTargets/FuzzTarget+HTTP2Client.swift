import HTTP
import HTTP2

extension FuzzTarget {
  /// The first byte says how the connection is run, the rest is what the server sends.
  static func checkHTTP2Client(_ input: [UInt8]) throws(BrokenClaim) {
    guard let first = input.first else { return }
    let rules = ClientRules(rawValue: first)
    let pieces = Pieces((rules.contains(.bare) ? [] : [0, 0, 0, 4, 0, 0, 0, 0, 0]) + input.dropFirst())
    let whole = try ClientConversation.said(of: pieces.whole, rules)
    let said = try ClientConversation.said(of: pieces.uneven(upTo: 40), rules)
    // Time, and output that waits, depend on the pieces by intent; and content that passes a small window is in order if some of it was used
    // up before the rest came.
    if rules.isDisjoint(with: [.timePasses, .serverStopsReading]), !rules.isSuperset(of: [.tight, .consumes]) {
      try claimSame(whole, said) { $0.dependsOnPieces }
    }
  }
}

private struct ClientRules: OptionSet {
  let rawValue: UInt8

  /// The input has the first SETTINGS itself.
  static let bare = ClientRules(rawValue: 1)
  /// Limits that a short input can pass.
  static let tight = ClientRules(rawValue: 2)
  /// A second passes before each piece.
  static let timePasses = ClientRules(rawValue: 4)
  /// Output is taken and stays unsent.
  static let serverStopsReading = ClientRules(rawValue: 8)
  /// The client drains after its first response.
  static let drains = ClientRules(rawValue: 16)
  /// The client uses content up at once.
  static let consumes = ClientRules(rawValue: 32)

  var limits: HTTP2Limits {
    var limits = HTTP2Limits()
    guard contains(.tight) else { return limits }
    limits.concurrentStreamsLimit = 4
    limits.streamWindowBytes = 200
    limits.fieldSectionBytesLimit = 300
    limits.unsentBytesLimit = 4 << 10
    limits.resets = HTTP2Limits.Allowance(burst: 3, perSecond: 1)
    limits.controlFrames = HTTP2Limits.Allowance(burst: 10, perSecond: 1)
    return limits
  }
}

/// A client's session that asks three things at once, and one more for each answer.
private final class ClientConversation {
  /// What must not depend on how the bytes come. How a stream fails may: see the server's side.
  enum Said: Equatable {
    case head(HTTP2StreamID, HTTPStatus)
    case end(HTTP2StreamID, [UInt8])
    case goAway(HTTP2ErrorCode, last: HTTP2StreamID)
    case finished
    case error(HTTP2Error)

    /// The connection is closed after the end, and bytes behind it are looked at only where they came with it. A frame that makes its
    /// stream malformed and then breaks the connection ends it by whichever is noticed first: the reset, which may be one too many, or
    /// the breach.
    var dependsOnPieces: Bool {
      switch self {
      case .finished, .error(.tooManyResets), .error(.violation(.streamClosed, _)): true
      default: false
      }
    }
  }

  private enum Stage { case asked, answered, cancelled, over }

  private static let requestsLimit = 10

  private let rules: ClientRules
  private let limits: HTTP2Limits
  private let session: HTTP2ClientSession
  private var now: ContinuousClock.Instant
  private var said: [Said] = []
  private var stages: [HTTP2StreamID: Stage] = [:]
  private var content: [HTTP2StreamID: [UInt8]] = [:]
  private var unconsumed: [HTTP2StreamID: Int] = [:]

  static func said(of pieces: [ArraySlice<UInt8>], _ rules: ClientRules) throws(BrokenClaim) -> [Said] {
    let conversation = try ClientConversation(rules)
    for piece in pieces where conversation.said.last != .finished { try conversation.feed(piece) }
    return conversation.said
  }

  private init(_ rules: ClientRules) throws(BrokenClaim) {
    self.rules = rules
    limits = rules.limits
    now = .now
    do throws(HTTP2Error) {
      session = try HTTP2ClientSession(limits: limits, http: HTTPLimits(fieldCountLimit: 20), at: now)
    } catch {
      throw BrokenClaim("no session: \(error)")
    }
    ask(.get)
    ask(.post, Array(repeating: 0x61, count: 100_000))
    ask(.head)
  }

  private func ask(_ method: HTTPMethod, _ content: [UInt8] = []) {
    guard stages.count < Self.requestsLimit else { return }
    if let id = session.submit(method, target: "/", authority: "a", content: content) { stages[id] = .asked }
  }

  private func feed(_ bytes: ArraySlice<UInt8>) throws(BrokenClaim) {
    if rules.contains(.timePasses) { now += .seconds(1) }
    session.receive(bytes.span, at: now)
    repeat {
      try advance()
      let output = session.takeOutput()
      try claim(output.count <= limits.unsentBytesLimit + 64 << 10, "\(output.count) bytes of output at once")
      if !rules.contains(.serverStopsReading) { session.unsentBytes = 0 }
    } while session.canContinue
    try claim((0...stages.count).contains(session.openStreamCount), "\(session.openStreamCount) streams are open")
    if said.last == .finished {
      try claim(stages.values.allSatisfy { $0 == .over || $0 == .cancelled }, "it has finished without a last word on a stream")
    }
  }

  private func advance() throws(BrokenClaim) {
    while true {
      let step: HTTP2ClientSession.Step
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
      case .pong: break
      case .goAway(let code, let last): said.append(.goAway(code, last: last))
      case .head(let id, let response):
        try claim(stages[id] == .asked, "a head on \(id), which is \(String(describing: stages[id]))")
        try claim((200...999).contains(response.status.rawValue), "the final status is \(response.status)")
        stages[id] = .answered
        said.append(.head(id, response.status))
        // A status that nobody sends by chance.
        if response.status.rawValue == 499 {
          session.cancel(id)
          stages[id] = .cancelled
        } else if rules.contains(.drains) {
          session.drain()
        }
      case .content(let id, let bytes):
        try claim(stages[id] == .answered, "content on \(id), which is \(String(describing: stages[id]))")
        content[id, default: []] += bytes
        if rules.contains(.consumes) {
          session.consumed(bytes.count, on: id)
        } else {
          unconsumed[id, default: 0] += bytes.count
          // Until it has acknowledged our settings the server has the window of RFC 9113, section 6.9.2.
          let window = max(limits.streamWindowBytes, 65_535)
          try claim(unconsumed[id, default: 0] <= window, "\(id) has more content than a window")
        }
      case .end(let id):
        try claim(stages[id] == .answered, "an end of \(id), which is \(String(describing: stages[id]))")
        stages[id] = .over
        said.append(.end(id, content[id] ?? []))
        ask(.get)
      case .failed(let id, _):
        try claim(
          stages[id] == .asked || stages[id] == .answered, "a failure of \(id), which is \(String(describing: stages[id]))")
        stages[id] = .over
        ask(.get)
      }
    }
  }
}
