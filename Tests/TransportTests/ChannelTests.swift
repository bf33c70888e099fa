import TestSupport
import Testing
import Transport

struct ChannelTests {
  @Test(arguments: [0, 1, 100_000]) func sendsEverythingBeforeItClosesAfterAHalfClose(_ count: Int) async throws {
    let loop = try Loop(name: "test")
    let (closures, closed) = AsyncStream<ChannelClosure>.makeStream()
    let port = try await echoPort(on: loop) { closed.yield($0) }
    let text = String(repeating: "y", count: count)
    #expect(await echoed(text, port: port) == text)
    for await closure in closures {
      #expect(closure == .local)
      break
    }
  }

  @Test func hearsOfAReset() async throws {
    let loop = try Loop(name: "test")
    let (closures, closed) = AsyncStream<ChannelClosure>.makeStream()
    let port = try await echoPort(on: loop) { closed.yield($0) }
    do {
      let connection = try RawConnection(port: port)
      connection.send("z")
      _ = connection.read(through: "z")
      connection.resetWhenReleased()
    }
    for await closure in closures {
      #expect(closure == .reset("Connection reset by peer"))
      break
    }
  }

  @Test func connectsAndSaysWhyItCannot() async throws {
    let loop = try Loop(name: "test")
    let port = try await echoPort(on: loop)
    func connect(_ host: String, _ port: UInt16) async -> String? {
      await withCheckedContinuation { continuation in
        Connector.connect(host: host, port: port, tls: nil, on: loop, deadline: .now + .seconds(5)) { result in
          switch result {
          case .success: continuation.resume(returning: nil)
          case .failure(let error): continuation.resume(returning: error.description)
          }
        }
      }
    }
    #expect(await connect("127.0.0.1", port) == nil)
    let unused = try RawListener().port
    #expect(await connect("127.0.0.1", unused) == "127.0.0.1:\(unused): connect: Connection refused")
    #expect(await connect("no.such.host.invalid", 80)?.hasPrefix("no.such.host.invalid: cannot resolve: ") == true)
  }
}
