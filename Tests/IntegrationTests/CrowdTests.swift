import Foundation
import Glibc
import HTTP
import HTTPClient
import OpenSSL
import TestSupport
import Testing

extension BuiltServer {
  /// Thousands of connections at a time, with `RELAUNCH_LONG=1`.
  @Suite(
    .enabled(if: ProcessInfo.processInfo.environment["RELAUNCH_LONG"] == "1", "takes minutes: RELAUNCH_LONG=1"),
    .enabled(if: Descriptors.limit >= 20_000, "needs 20,000 descriptors: ulimit -Hn says less"),
    .timeLimit(.minutes(10)))
  struct CrowdTests {
    /// Slow on purpose: it has sent the beginning of something.
    private struct SlowPeer: @unchecked Sendable {
      // @unchecked: one task at a time has it.
      let wire: Wire
    }

    private static func open(_ configuration: inout Site.Configuration) {
      configuration.sources = Site.Configuration.open
      configuration.more = "dryRun: true\nlogLevel: error\nlimits: {connections: 12000, history: 1000, backlog: 100000}"
    }

    private static func push(on wire: Wire) async throws {
      let body = String(decoding: PushMessage().body, as: UTF8.self)
      try wire.send(
        "POST /push/gar HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
      )
      let answer = try await wire.text(through: "\r\n\r\n")
      guard answer.hasPrefix("HTTP/1.1 204 ") else { throw Unmet("a good client was answered: \(answer)") }
    }

    /// The sum of metrics of the push listener; `labels` end each name.
    private func sum(_ server: RunningServer, _ name: String, _ labels: [String] = [""]) async throws -> Int {
      let text = String(decoding: try await server.send(.get, server.ops, "/metrics").content, as: UTF8.self)
      return labels.reduce(0) { sum, label in
        let start = "\(name){listener=\"push\"\(label)} "
        return sum + (text.split(separator: "\n").first { $0.hasPrefix(start) }.flatMap { Int($0.dropFirst(start.count)) } ?? 0)
      }
    }

    private func hits(_ server: RunningServer, _ limits: String...) async throws -> Int {
      try await sum(server, "relaunch_http_limits_total", limits.map { ",limit=\"\($0)\"" })
    }

    @Test func sixThousandSlowPeersHarmNobody() async throws {
      let site = try TLSSite(Self.open)
      let server = try await RunningServer.start(site.site, descriptors: Descriptors.limit)
      let process = server.process.identifier
      let client = try site.client()
      let port = server.push.port
      let pushes = try await withThrowingTaskGroup { group in
        try await Self.startGoodClients(&group, port, client)
        try await eventually("the good clients are connected") {
          let count = try await sum(server, "relaunch_http_connections")
          return count == 20 ? .met(()) : .saw("\(count)")
        }
        let base = try ProcessFigures(of: process)
        let halves = try (0..<2000).map { _ in
          let connection = try RawConnection(port: port)
          connection.send([0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3])
          return connection
        }
        let peers = try await Self.slowPeers(port, client)
        var peak = try ProcessFigures(of: process)
        try await eventually("all slow peers are closed", looks: 2400) {
          let now = try ProcessFigures(of: process)
          if now.residentKiB > peak.residentKiB { peak = now }
          let open = halves.count { !$0.hasEnded() } + peers.count { !$0.wire.connection.hasEnded() }
          return open == 0 ? .met(()) : .saw("\(open) open")
        }
        #expect(try await hits(server, "handshakeDeadline") == 2000)
        #expect(try await hits(server, "headDeadline") == 2000)
        #expect(try await hits(server, "contentRate", "contentDeadline") == 2000)
        let after = try await eventually("the descriptors are back", looks: 200) {
          let now = try ProcessFigures(of: process)
          return now.descriptors <= base.descriptors + 2 ? .met(now) : .saw("\(now.descriptors), \(base.descriptors) before")
        }
        print("CrowdTests: \(base.residentKiB) KiB before, \(peak.residentKiB) at the peak, \(after.residentKiB) after")
        #expect(peak.residentKiB < 256 << 10)
        #expect(after.residentKiB < base.residentKiB + 64 << 10)
        group.cancelAll()
        return try await group.reduce(0, +)
      }
      print("CrowdTests: \(pushes) good pushes meanwhile")
      #expect(await server.stop() == 0)
    }

    /// Twenty, each with one connection, a push every 50 ms. They give the number of their pushes, or throw with the first that failed.
    private static func startGoodClients(
      _ group: inout ThrowingTaskGroup<Int, any Error>, _ port: UInt16, _ client: TLSContext
    ) async throws {
      for _ in 0..<20 {
        group.addTask {
          let wire = try await Wire(port: port, client)
          var count = 0
          while !Task.isCancelled {
            try await push(on: wire)
            count += 1
            try? await ContinuousClock().sleep(for: .milliseconds(50))
          }
          return count
        }
      }
    }

    /// 2,000 that send the beginning of a head, and 2,000 that send the beginning of their content.
    private static func slowPeers(_ port: UInt16, _ client: TLSContext) async throws -> [SlowPeer] {
      try await withThrowingTaskGroup { group in
        for _ in 0..<8 {
          group.addTask {
            var peers: [SlowPeer] = []
            for number in 0..<500 {
              let wire = try await Wire(port: port, client)
              try wire.send("POST /push/gar HTTP/1.1\r\nHost: a\r\n")
              if number % 2 == 0 { try wire.send("Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{") }
              peers.append(SlowPeer(wire: wire))
            }
            return peers
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
    }

    @Test func tenThousandIdleConnectionsCostLittle() async throws {
      var configuration = Site.Configuration()
      Self.open(&configuration)
      let server = try await RunningServer.start(Site(configuration), descriptors: Descriptors.limit)
      let connections = try (0..<10_000).map { _ in
        let connection = try RawConnection(port: server.push.port)
        connection.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        return connection
      }
      for _ in 0..<100 { #expect(try await server.push(content: PushMessage().body, token: nil).status == .noContent) }
      let figures = try ProcessFigures(of: server.process.identifier)
      print("CrowdTests: \(figures.residentKiB) KiB with \(figures.descriptors) descriptors")
      #expect(figures.descriptors > 10_000)
      #expect(figures.residentKiB < 128 << 10)
      #expect(connections.allSatisfy { !$0.hasEnded() })
    }
  }
}

private enum Descriptors {
  /// As many as the kernel allows us, which are taken.
  static let limit: Int = {
    var limit = rlimit()
    _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
  }()
}
