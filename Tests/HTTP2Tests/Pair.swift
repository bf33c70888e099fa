import HTTP
import HTTP2

/// A client's and a server's session that talk in memory. Each is fed what the other sends in the pieces that `cut` makes.
final class Pair {
  struct Response {
    var status = HTTPStatus(rawValue: 0)
    var fields = HTTPFields()
    var content: [UInt8] = []
    var isComplete = false
  }

  let client: HTTP2ClientSession
  let server: HTTP2ServerSession
  var answer: (HTTPRequest) -> HTTPResponse? = { HTTPResponse(.ok, text: "\($0.content.count)") }
  /// Whether the client gives credit for content as it comes.
  var consumes = true
  var cut: ([UInt8]) -> [[UInt8]] = { [$0] }
  var now = ContinuousClock.now
  private(set) var requests: [HTTP2StreamID: HTTPRequest] = [:]
  private(set) var responses: [HTTP2StreamID: Response] = [:]
  private(set) var failures: [HTTP2StreamID: HTTP2StreamError] = [:]
  private(set) var ends: [HTTP2StreamID: HTTP2ServerSession.StreamEnd] = [:]
  private(set) var goAways: [HTTP2StreamID] = []
  private(set) var pongs = 0
  private(set) var clientError: HTTP2Error?
  private(set) var serverError: HTTP2Error?
  private(set) var isClientFinished = false
  private(set) var isServerFinished = false
  /// The largest number of streams that were open at the server.
  private(set) var openStreamsPeak = 0

  /// The most that the server kept of requests that were not complete.
  private(set) var incompleteContentPeak = 0

  init(
    client clientLimits: HTTP2Limits = HTTP2Limits(), server serverLimits: HTTP2Limits = HTTP2Limits(),
    http: HTTPLimits = HTTPLimits()
  ) throws {
    client = try HTTP2ClientSession(limits: clientLimits, at: now)
    server = try HTTP2ServerSession(limits: serverLimits, http: http, at: now)
    run()
  }

  /// Carries bytes in both directions until neither side has anything to say.
  func run() {
    var isTalking = true
    while isTalking {
      let up = say(client, listenAtClient)
      for piece in cut(up) {
        server.receive(piece.span, at: now)
        listenAtServer()
      }
      let down = say(server, listenAtServer)
      for piece in cut(down) {
        client.receive(piece.span, at: now)
        listenAtClient()
      }
      isTalking = !up.isEmpty || !down.isEmpty
    }
  }

  /// All that a session has to say, by the rules of its owner.
  private func say(_ session: HTTP2Session, _ listen: () -> Void) -> [UInt8] {
    var output: [UInt8] = []
    repeat {
      listen()
      output += session.takeOutput()
      session.unsentBytes = 0
    } while session.canContinue
    return output
  }

  private func listenAtServer() {
    do throws(HTTP2Error) {
      while true {
        let step = try server.next()
        incompleteContentPeak = max(incompleteContentPeak, server.incompleteContentBytes)
        openStreamsPeak = max(openStreamsPeak, server.openStreamCount)
        switch step {
        case .needsMore: return
        case .head(let id, let request, let facts):
          if request.path == "/refuse" {
            server.respond(HTTPResponse(.unauthorized), to: id, date: "now")
          } else if request.path != "/wait" {
            server.acceptContent(limit: .max, of: id)
            if facts.expectsContinue { server.sendContinue(on: id) }
          }
        case .request(let id, let request):
          requests[id] = request
          if let response = answer(request) { server.respond(response, to: id, date: "now") }
        case .failed(let id, let error): server.respond(HTTPResponse(error.status), to: id, date: "now")
        case .ended(let id, let end): ends[id] = end
        case .rejected: break
        case .finished:
          isServerFinished = true
          return
        }
      }
    } catch {
      serverError = error
    }
  }

  private func listenAtClient() {
    do throws(HTTP2Error) {
      while true {
        switch try client.next() {
        case .needsMore: return
        case .head(let id, let response): responses[id] = Response(status: response.status, fields: response.fields)
        case .content(let id, let bytes):
          responses[id]?.content += bytes
          if consumes { client.consumed(bytes.count, on: id) }
        case .end(let id): responses[id]?.isComplete = true
        case .failed(let id, let error): failures[id] = error
        case .goAway(_, let last): goAways.append(last)
        case .pong: pongs += 1
        case .finished:
          isClientFinished = true
          return
        }
      }
    } catch {
      clientError = error
    }
  }
}

extension Pair {
  func get(_ target: String = "/") -> HTTP2StreamID? { client.submit(.get, target: target, authority: "a", scheme: "http") }

  func post(_ target: String = "/", _ count: Int) -> HTTP2StreamID? {
    client.submit(.post, target: target, authority: "a", scheme: "http", content: Array(repeating: 0x62, count: count))
  }
}
