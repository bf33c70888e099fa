import HTTP
import HTTP2
import TestSupport

/// A server's session that is fed bytes. Heads are accepted and requests answered by rules that the path names.
final class Conversation {
  /// What the session said, in a form that can be compared and printed.
  enum Said: Equatable {
    case head(Int32, String, String, [String], HTTP2ServerSession.HeadFacts)
    case request(Int32, Int)
    case failed(Int32, HTTP2RequestError)
    case ended(Int32, HTTP2ServerSession.StreamEnd)
    case rejected(HTTP2ServerSession.Rejection)
    case finished
    case error(HTTP2Error)
  }

  static let preface = HTTP2Preface.bytes + RawFrame.settings().bytes

  let session: HTTP2ServerSession
  private(set) var said: [Said] = []
  private(set) var sent: [UInt8] = []
  var now: ContinuousClock.Instant
  /// Whether a peer reads what is sent.
  var isRead = true

  init(_ limits: HTTP2Limits = HTTP2Limits(), http: HTTPLimits = HTTPLimits(), preface: [UInt8] = preface) throws {
    now = .now
    session = try HTTP2ServerSession(limits: limits, http: http, at: now)
    feed(preface)
  }

  func feed(_ bytes: [UInt8]) {
    session.receive(bytes.span, at: now)
    advance()
  }

  func feed(_ frames: RawFrame...) { feed(frames.flatMap(\.bytes)) }
  func feed(_ frames: [RawFrame]) { feed(frames.flatMap(\.bytes)) }

  func advance() {
    repeat {
      speak()
      sent += session.takeOutput()
      if isRead { session.unsentBytes = 0 }
    } while session.canContinue
  }

  /// Does to the session what the caller would do, and sees it through.
  func act(_ body: (HTTP2ServerSession) -> Void) {
    body(session)
    advance()
  }

  var frames: [RawFrame] { RawFrame.all(in: sent) }
  var goAways: [RawFrame] { frames.filter { $0.kind == .goAway } }
  var resets: [RawFrame] { frames.filter { $0.kind == .resetStream } }

  private func speak() {
    do throws(HTTP2Error) {
      while true {
        switch try session.next() {
        case .needsMore: return
        case .head(let id, let request, let facts):
          said.append(.head(id.rawValue, request.method.token, request.target, lines(request.fields), facts))
          judge(id, request, facts)
        case .request(let id, let request):
          said.append(.request(id.rawValue, request.content.count))
          if request.path != "/later" { answer(id) }
        case .failed(let id, let error):
          said.append(.failed(id.rawValue, error))
          session.respond(HTTPResponse(error.status), to: id, date: "now")
        case .ended(let id, let end): said.append(.ended(id.rawValue, end))
        case .rejected(let rejection): said.append(.rejected(rejection))
        case .finished:
          if said.last != .finished { said.append(.finished) }
          return
        }
      }
    } catch {
      if said.last != .error(error) { said.append(.error(error)) }
    }
  }

  private func judge(_ id: HTTP2StreamID, _ request: HTTPRequest, _ facts: HTTP2ServerSession.HeadFacts) {
    switch request.path {
    case "/wait": break
    case "/refuse": session.respond(HTTPResponse(.unauthorized, text: "no"), to: id, date: "now")
    default:
      session.acceptContent(limit: .max, of: id)
      if facts.expectsContinue { session.sendContinue(on: id) }
    }
  }

  private func answer(_ id: HTTP2StreamID) {
    session.respond(HTTPResponse(.ok, text: "hello"), to: id, date: "now")
  }
}

func lines(_ fields: HTTPFields) -> [String] {
  var lines: [String] = []
  fields.forEach { lines.append("\($0): \($1)") }
  return lines
}

/// The fields of a request, with some replaced (by name, where it stands) or added.
func fields(_ method: String = "GET", _ path: String = "/", _ more: [(String, String)] = []) -> [(String, String)] {
  [(":method", method), (":scheme", "http"), (":authority", "example.com"), (":path", path)] + more
}

func bytewise(_ bytes: [UInt8]) -> [[UInt8]] { bytes.map { [$0] } }

/// `bytes` in pieces of at most `limit`.
func split(_ bytes: [UInt8], upTo limit: Int, _ random: inout SplitMix) -> [[UInt8]] {
  var pieces: [[UInt8]] = []
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = Int.random(in: 1...min(rest.count, limit), using: &random)
    pieces.append(Array(rest.prefix(count)))
    rest = rest.dropFirst(count)
  }
  return pieces
}
