import Foundation
import HTTP
import HTTPClient
import JSON
import Locks
import TestSupport
import Testing

extension BuiltServer {
  /// `kill -9` in the middle of a burst, again and again on one log.
  @Suite(.enabled(if: !SeedDocuments.all.isEmpty, "the seed's documents are missing: RELAUNCH_SHARED, or examples/seed"))
  struct CrashTests {
    /// What the clients know: what they sent, and what was answered 204 before they sent the next.
    private final class Shadow: Sendable {
      private struct State {
        var sent: Set<String> = []
        var acknowledged: Set<String> = []
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
      }

      private let state = Mutex(State())

      var sent: Set<String> { state.withLock { $0.sent } }
      var acknowledged: Set<String> { state.withLock { $0.acknowledged } }

      func willSend(_ id: String) { state.withLock { _ = $0.sent.insert(id) } }

      func wasAcknowledged(_ id: String) {
        let reached = state.withLock { state in
          state.acknowledged.insert(id)
          let count = state.acknowledged.count
          let reached = state.waiters.filter { $0.count <= count }
          state.waiters.removeAll { $0.count <= count }
          return reached
        }
        for waiter in reached { waiter.continuation.resume() }
      }

      /// Waits until `count` more have been acknowledged.
      func acknowledges(_ count: Int) async {
        await withCheckedContinuation { continuation in
          let isReached = state.withLock { state in
            if count > 0 { state.waiters.append((state.acknowledged.count + count, continuation)) }
            return count <= 0
          }
          if isReached { continuation.resume() }
        }
      }
    }

    private static let clients = 6
    private static let cycles = ProcessInfo.processInfo.environment["RELAUNCH_CRASH_CYCLES"].flatMap(Int.init) ?? 50
    /// How many acknowledgements a burst has at most before the server is killed.
    private static let burstLimit = 150

    /// Fifty times, or `RELAUNCH_CRASH_CYCLES`; every other time over TLS with HTTP/2. The log is cut into small segments. `RELAUNCH_SEED`
    /// repeats a run's choices.
    @Test(.timeLimit(.minutes(5 + CrashTests.cycles / 20))) func losesNothingThatWasAcknowledged() async throws {
      var generator = SplitMix(seed: Self.seed)
      print("CrashTests: RELAUNCH_SEED=\(generator.seed)")
      var plain = Site.Configuration()
      plain.more = """
        dryRun: true
        logLevel: error
        limits: {history: 1000000, deadLetters: 1000000}
        log: {segmentBytes: 1048576, bytes: 17179869184}
        """
      let secured = try TLSSite { $0.more = plain.more }
      var secure = plain
      secure.push = "{address: 127.0.0.1, port: 0, tls: {certificate: server.pem, key: server.key}}"
      let site = secured.site
      let client = try secured.client(["h2"])
      let token = try site.token()
      let shadow = Shadow()
      for cycle in 0..<Self.cycles {
        try site.configure(cycle % 2 == 0 ? plain : secure)
        if Int.random(in: 0..<5, using: &generator) == 0 { try await killWhileItStarts(site) }
        let server = try await RunningServer.start(site, tls: client)
        if cycle > 0, cycle % 50 == 0 { print("CrashTests: \(cycle) cycles, \(shadow.acknowledged.count) acknowledged") }
        let count = Int.random(in: 0...Self.burstLimit, using: &generator)
        await withTaskGroup { group in
          for client in 0..<Self.clients { group.addTask { await burst("c\(cycle)-\(client)", server, token, shadow) } }
          await shadow.acknowledges(count)
          #expect(await server.stop(SIGKILL) == -SIGKILL, "seed \(generator.seed), cycle \(cycle)")
        }
      }
      try site.configure(plain)
      let server = try await RunningServer.start(site)
      let events = try await eventually("every event has an outcome") {
        let events = try await server.events()
        let running = events.count { $0["outcome"] == "running" }
        return running == 0 ? .met(events) : .saw("\(running) of \(events.count) running")
      }
      let found = events.compactMap { $0["id"]?.string }
      let lost = shadow.acknowledged.subtracting(found)
      let strange = Set(found).subtracting(shadow.sent)
      print("CrashTests: \(shadow.acknowledged.count) acknowledged, \(found.count) found, \(shadow.sent.count) sent")
      #expect(lost.isEmpty, "seed \(generator.seed): acknowledged and lost")
      #expect(strange.isEmpty, "seed \(generator.seed): never sent")
      #expect(Set(found).count == found.count, "seed \(generator.seed): twice")
      let outcomes = Set(events.compactMap { $0["outcome"]?.string })
      #expect(outcomes.isSubset(of: ["would-restart", "coalesced", "dead"]), "seed \(generator.seed)")
      let dead = events.count { $0["outcome"] == "dead" }
      #expect(try await server.deadLetters().count == dead, "seed \(generator.seed): dead letters and dead events")
      #expect(await server.stop() == 0)
    }

    /// The log has been read when the listeners come up, and what was left is being worked on.
    private func killWhileItStarts(_ site: Site) async throws {
      let process = try RunningServer.launch(site)
      _ = await process.output.first { $0.hasPrefix("listening") }
      process.signal(SIGKILL)
      #expect(await process.end() == -SIGKILL)
    }

    /// One client: the next message is sent when the last has been answered. Ends when the server does.
    private func burst(_ name: String, _ server: RunningServer, _ token: String, _ shadow: Shadow) async {
      for number in 0... {
        // Every third is for no workload, and ends as a dead letter.
        let image = number % 3 == 2 ? "us-docker.pkg.dev/acme-prod/apps/unknown:latest" : PushMessage.frontend
        let message = PushMessage(image: image, id: "\(name)-\(number)")
        shadow.willSend(message.id)
        guard let response = try? await server.push(content: message.body, token: token) else { return }
        if response.status == .noContent { shadow.wasAcknowledged(message.id) }
      }
    }

    private static var seed: UInt64 {
      ProcessInfo.processInfo.environment["RELAUNCH_SEED"].flatMap { UInt64($0) } ?? .random(in: .min ... .max)
    }
  }
}
