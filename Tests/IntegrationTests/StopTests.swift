import Foundation
import Glibc
import HTTP
import HTTP2
import HTTPClient
import JSON
import Locks
import TestSupport
import Testing

extension BuiltServer {
  /// The end of a server that is being used.
  @Suite(.enabled(if: !SeedDocuments.all.isEmpty, "the seed's documents are missing: RELAUNCH_SHARED, or examples/seed"))
  struct StopTests {
    private static func site(_ stop: String) throws -> Site {
      var configuration = Site.Configuration()
      configuration.stop = stop
      return try Site(configuration)
    }

    private static func launch(_ stop: String) async throws -> RunningServer { try await RunningServer.start(site(stop)) }

    /// What clients saw.
    private final class Ledger: Sendable {
      private let state = Mutex<(acknowledged: Set<String>, broken: [String])>(([], []))

      var acknowledged: Set<String> { state.withLock { $0.acknowledged } }
      var broken: [String] { state.withLock { $0.broken } }

      func acknowledged(_ id: String) { state.withLock { _ = $0.acknowledged.insert(id) } }
      func broke(_ text: String) { state.withLock { $0.broken.append(text) } }
    }

    private static let allowed = ["HTTP/1.1 204 ", "HTTP/1.1 503 "]

    /// Pushes one message after the other until the connection ends, and connects again until there is no server.
    private static func pushHTTP1(to port: UInt16, _ token: String, _ ledger: Ledger) async {
      while let connection = try? RawConnection(port: port) {
        while true {
          let message = PushMessage()
          let body = String(decoding: message.body, as: UTF8.self)
          connection.send(
            "POST /push/gar HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\nContent-Type: application/json\r\n"
              + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
          let head = await connection.received(through: "\r\n\r\n")
          if head.hasPrefix(allowed[0]) { ledger.acknowledged(message.id) }
          // The connection may end between two requests, with or without reset; not within an answer.
          if head.isEmpty || head == "<reset>" { break }
          guard head.hasSuffix("\r\n\r\n"), allowed.contains(where: head.hasPrefix) else {
            ledger.broke(head)
            break
          }
          guard head.hasPrefix(allowed[0]), !head.contains("connection: close") else { break }
        }
      }
    }

    /// The same with ten requests at a time on one connection.
    private static func pushHTTP2(to port: UInt16, _ token: String, _ ledger: Ledger) async throws {
      while let connection = try? RawConnection(port: port) {
        let client = try HTTP2Client(Wire(connection))
        var messages: [HTTP2StreamID: String] = [:]
        var answered = 0
        while !client.isClosed {
          while client.session.canSubmit, messages.count - answered < 10 {
            let message = PushMessage()
            let id = try client.post(
              "/push/gar", [(.authorization, "Bearer \(token)"), (.contentType, "application/json")], content: message.body)
            messages[id] = message.id
          }
          let before = client.order.count + client.failures.count
          try await client.talk { client.order.count + client.failures.count > before }
          answered = client.order.count + client.failures.count
        }
        for id in client.order {
          let status = client.responses[id]?.status
          if status == 204, let message = messages[id] { ledger.acknowledged(message) }
          if status != 204, status != 503 { ledger.broke("\(status ?? 0)") }
        }
        for (id, failure) in client.failures where failure != .notProcessed { ledger.broke("\(id): \(failure)") }
        // What came in part would be an answer cut in half.
        for (id, response) in client.responses where !response.isComplete && client.failures[id] == nil {
          ledger.broke("\(id): cut")
        }
      }
    }

    @Test func losesNothingThatWasAnsweredUnderLoad() async throws {
      let server = try await Self.launch("{lameDuck: 1s, requests: 10s, jobs: 10s}")
      let token = try server.site.token()
      let ledger = Ledger()
      let port = server.push.port
      try await withThrowingTaskGroup { group in
        for _ in 0..<3 { group.addTask { await Self.pushHTTP1(to: port, token, ledger) } }
        for _ in 0..<2 { group.addTask { try await Self.pushHTTP2(to: port, token, ledger) } }
        while ledger.acknowledged.count < 20 { await Task.yield() }
        #expect(await server.stop() == 0)
        try await group.waitForAll()
      }
      #expect(ledger.broken.isEmpty, "\(ledger.broken.prefix(5))")
      let second = try await RunningServer.start(server.site)
      let events = try await eventually("every event has an outcome") {
        let events = try await second.events()
        let running = events.count { $0["outcome"] == "running" }
        return running == 0 ? .met(events) : .saw("\(running) of \(events.count) running")
      }
      let found = Set(events.compactMap { $0["id"]?.string })
      print("StopTests: \(ledger.acknowledged.count) acknowledged, \(found.count) found")
      #expect(ledger.acknowledged.subtracting(found).isEmpty, "answered 204 and lost")
      #expect(await second.stop() == 0)
    }

    @Test func isNotReadyButStillTakesPushesAsALameDuck() async throws {
      let server = try await Self.launch("{lameDuck: 60s}")
      server.process.signal(SIGTERM)
      try await eventually("it is not ready") {
        let answer = try await server.send(.get, server.ops, "/readyz")
        return answer.status == .serviceUnavailable ? .met(()) : .saw("\(answer.status)")
      }
      #expect(try await server.send(.get, server.ops, "/livez").status == .ok)
      #expect(try await server.push(PushMessage()) == .noContent)
      server.process.signal(SIGTERM)
      #expect(await server.process.end() == 0)
    }

    /// Requests and jobs that are under way could keep it for a minute each.
    @Test func aSecondSignalEndsAllWaiting() async throws {
      let server = try await Self.launch("{lameDuck: 0s, requests: 60s, jobs: 60s}")
      let connection = try RawConnection(port: server.push.port)
      connection.send(
        "POST /push/gar HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(try server.site.token())\r\nContent-Type: application/json\r\n"
          + "Content-Length: 500\r\n\r\n{")
      let other = try HTTP2Client(Wire(try RawConnection(port: server.push.port)))
      try await other.talk { other.session.hasReceivedPreface }
      let began = ContinuousClock.now
      server.process.signal(SIGTERM)
      #expect(await server.process.errors.first { $0.contains("\"stopping\"") } != nil)
      // Its listeners are closed when the request is what it waits for.
      try await eventually("nobody listens") {
        (try? RawConnection(port: server.push.port)) == nil ? .met(()) : .saw("someone does")
      }
      server.process.signal(SIGTERM)
      #expect(await server.process.end() == 0)
      #expect(ContinuousClock.now - began < .seconds(20))
    }

    @Test func aPersonAtATerminalNeedNotWaitForOthersToLearnOfIt() async throws {
      let server = try await Self.launch("{lameDuck: 60s}")
      #expect(try await server.push(PushMessage()) == .noContent)
      let began = ContinuousClock.now
      #expect(await server.stop(SIGINT) == 0)
      #expect(ContinuousClock.now - began < .seconds(30))
      await server.process.errors.end()
      #expect(server.process.errors.lines.contains { $0.contains("\"stopped\"") })
    }
  }
}
