package import HTTP
package import HTTP2

/// A client that speaks HTTP/2 over a wire, as far as it is told to.
package final class HTTP2Client {
  package struct Response: Equatable {
    package var status = 0
    package var content: [UInt8] = []
    package var isComplete = false

    package var text: String { "\(status) \(String(decoding: content, as: UTF8.self))" }
  }

  package let wire: Wire
  package let session: HTTP2ClientSession
  /// Whether content is given credit for as it comes.
  package var consumes = true
  package private(set) var responses: [HTTP2StreamID: Response] = [:]
  /// Requests that were answered whole, in the order of their ends.
  package private(set) var order: [HTTP2StreamID] = []
  package private(set) var failures: [HTTP2StreamID: HTTP2StreamError] = [:]
  package private(set) var goAways: [HTTP2ErrorCode] = []
  package private(set) var pongs = 0
  package private(set) var isFinished = false
  /// Whether the server has closed the connection.
  package private(set) var isClosed = false
  /// What is to be sent and is held back by a test.
  private var held: [UInt8] = []

  package init(_ wire: Wire, _ limits: HTTP2Limits = HTTP2Limits()) throws {
    self.wire = wire
    session = try HTTP2ClientSession(limits: limits, at: .now)
  }

  package func get(_ target: String, _ fields: [(name: FieldName, value: String)] = []) throws -> HTTP2StreamID {
    guard let id = session.submit(.get, target: target, authority: "a", scheme: "http", fields: HTTPFields(fields)) else {
      throw HTTP2ClientError.noStream
    }
    return id
  }

  package func post(_ target: String, _ count: Int) throws -> HTTP2StreamID {
    try post(target, [], content: [UInt8](repeating: 0x62, count: count))
  }

  package func post(_ target: String, _ fields: [(name: FieldName, value: String)], content: [UInt8]) throws -> HTTP2StreamID {
    let fields = HTTPFields(fields)
    guard let id = session.submit(.post, target: target, authority: "a", scheme: "http", fields: fields, content: content) else {
      throw HTTP2ClientError.noStream
    }
    return id
  }

  /// Sends what there is to say, but for the last `withheld` bytes of it.
  package func flush(withholding withheld: Int = 0) throws {
    listen()
    held += output()
    let count = max(0, held.count - withheld)
    let bytes = Array(held.prefix(count))
    held.removeFirst(count)
    try wire.send(bytes)
  }

  /// Sends the first bytes of what there is to say.
  /// - Returns: the others.
  package func flushPrefix(_ count: Int) throws -> [UInt8] {
    listen()
    held += output()
    defer { held = [] }
    try wire.send(Array(held.prefix(count)))
    return Array(held.dropFirst(count))
  }

  /// Sends what there is to say and the end of the stream.
  package func flushAndFinish() throws {
    listen()
    try wire.sendLast(held + output())
    held = []
  }

  /// Talks until `condition` holds.
  /// - Returns: whether it does; false where the server closed the connection before.
  @discardableResult package func talk(until condition: () -> Bool) async throws -> Bool {
    try flush()
    while !condition() {
      guard try await hear() else { return condition() }
      try flush()
    }
    return true
  }

  /// Talks until the server closes the connection.
  package func talkToTheEnd() async throws { try await talk { isClosed } }

  /// Talks until the request is answered or failed, and returns the answer.
  package func response(to id: HTTP2StreamID) async throws -> String {
    try await talk { responses[id]?.isComplete == true || failures[id] != nil }
    if let failure = failures[id] { return "\(failure)" }
    return responses[id]?.text ?? "none"
  }

  /// Takes bytes from the server without an answer to them.
  /// - Returns: false at the end.
  package func hear() async throws -> Bool { hear(try await wire.receive()) }

  /// As `hear`, holding the thread, without TLS.
  package func hearHere(limit: Int = 64 << 10) -> Bool { hear(wire.read(limit: limit)) }

  /// Talks until the request is answered, holding the thread, without TLS.
  package func responseHere(to id: HTTP2StreamID) throws -> String? {
    repeat { try flush() } while responses[id]?.isComplete != true && hearHere()
    return responses[id]?.text
  }

  private func hear(_ bytes: [UInt8]) -> Bool {
    guard !bytes.isEmpty else {
      isClosed = true
      return false
    }
    session.receive(bytes.span, at: .now)
    listen()
    return true
  }

  private func output() -> [UInt8] {
    let output = session.takeOutput()
    session.unsentBytes = 0
    return output
  }

  private func listen() {
    do throws(HTTP2Error) {
      while true {
        switch try session.next() {
        case .needsMore: return
        case .head(let id, let response): responses[id] = Response(status: response.status.rawValue)
        case .content(let id, let bytes):
          responses[id]?.content += bytes
          if consumes { session.consumed(bytes.count, on: id) }
        case .end(let id):
          responses[id]?.isComplete = true
          order.append(id)
        case .failed(let id, let error): failures[id] = error
        case .goAway(let code, _): goAways.append(code)
        case .pong: pongs += 1
        case .finished:
          isFinished = true
          return
        }
      }
    } catch {
      // The connection's end is the test's to judge.
      isFinished = true
    }
  }
}

/// Carries a client to another thread and back.
///
// @unchecked: one of the two waits while the other uses it.
package struct Carried: @unchecked Sendable {
  package let value: HTTP2Client

  package init(_ value: HTTP2Client) { self.value = value }
}

package enum HTTP2ClientError: Error { case noStream }
