import Foundation
import HTTP
import HTTPClient
import TestSupport
import Testing

extension BuiltServer {
  /// What happens where the kernel gives the server no more descriptors.
  struct DescriptorTests {
    @Test func restsWhileThereAreNoDescriptorsAndServesAgain() async throws {
      let server = try await RunningServer.start(Site(), descriptors: 64)
      #expect(try await server.push(PushMessage()) == .noContent)
      let process = server.process.identifier
      let base = try ProcessFigures(of: process).descriptors
      var connections = try (0..<100).map { _ in try RawConnection(port: server.push.port) }
      try await eventually("it has all descriptors that it may have") {
        let count = try ProcessFigures(of: process).descriptors
        return count >= 64 ? .met(()) : .saw("\(count)")
      }
      // A second in which it could spin.
      let before = try ProcessFigures(of: process).cpu
      try await ContinuousClock().sleep(for: .seconds(1))
      let spent = try ProcessFigures(of: process).cpu - before
      #expect(spent < .milliseconds(250), "it worked for \(spent) of one second")
      // Whoever is connected is served.
      #expect(try await server.push(PushMessage()) == .noContent)
      #expect(connections.count == 100)
      connections.removeAll()
      try await eventually("the descriptors are back") {
        let count = try ProcessFigures(of: process).descriptors
        return count <= base ? .met(()) : .saw("\(count), \(base) before")
      }
      let fresh = try RawConnection(port: server.push.port)
      fresh.send("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      #expect(await fresh.received().hasPrefix("HTTP/1.1 200 "))
      #expect(try await server.push(PushMessage()) == .noContent)
      #expect(await server.stop() == 0)
    }
  }
}
