import HTTP
import HTTP2

/// A client's session that has sent one request and is fed what a server might say.
final class Listener {
  let session: HTTP2ClientSession
  private(set) var said: [String] = []

  init(_ frames: [RawFrame], limits: HTTP2Limits = HTTP2Limits(), _ method: HTTPMethod = .get) throws {
    session = try HTTP2ClientSession(limits: limits, at: .now)
    _ = session.submit(method, target: "/", authority: "a")
    feed([.settings()] + frames)
  }

  func feed(_ frames: [RawFrame]) { feed(frames.flatMap(\.bytes)) }

  func feed(_ bytes: [UInt8]) {
    session.receive(bytes.span, at: .now)
    listen()
  }

  private func listen() {
    do throws(HTTP2Error) {
      while true {
        switch try session.next() {
        case .needsMore: return
        case .head(let id, let response): said.append("\(id): \(response.status.rawValue) \(lines(response.fields))")
        case .content(let id, let bytes): said.append("\(id): \(bytes.count) bytes")
        case .end(let id): said.append("\(id): end")
        case .failed(let id, let error): said.append("\(id): \(error)")
        case .goAway(let code, let last): said.append("going away: \(code), last \(last.rawValue)")
        case .pong: said.append("pong")
        case .finished:
          said.append("finished")
          return
        }
      }
    } catch {
      said.append("\(error)")
    }
  }
}
