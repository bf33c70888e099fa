import Testing
import Transport

struct SocketAddressTests {
  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1:80", true), ("127.9.9.9", "127.9.9.9:80", true), ("0.0.0.0", "0.0.0.0:80", false),
    ("::1", "[::1]:80", true), ("::ffff:127.0.0.1", "[::ffff:127.0.0.1]:80", true), ("2001:db8::1", "[2001:db8::1]:80", false),
  ])
  func readsAndWritesAddresses(_ host: String, _ text: String, _ isLoopback: Bool) throws {
    let address = try #require(try SocketAddress.resolve(host: host, port: 80).first)
    #expect(address.description == text)
    #expect(address.host == host)
    #expect(address.port == 80)
    #expect(address.isLoopback == isLoopback)
  }

  @Test(arguments: [
    ("192.0.2.1", "::ffff:192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false), ("2001:db8::1", "2001:db8::ffff", true),
    ("2001:db8::1", "2001:db8:0:1::1", false), ("127.0.0.1", "::ffff:127.0.0.1", true), ("::1", "127.0.0.1", false),
  ])
  func countsOneAddressAsOneHost(_ first: String, _ second: String, _ areOne: Bool) throws {
    let hosts = try [first, second].map { SocketAddress.Host(try #require(try SocketAddress.resolve(host: $0, port: 1).first)) }
    #expect((hosts[0] == hosts[1]) == areOne)
    let isLoopback = ["127.0.0.1", "::1"].contains(first)
    #expect(hosts[0].isLoopback == isLoopback)
  }

  @Test func refusesAPortThatIsTaken() async throws {
    let loop = try Loop(name: "test")
    let port = try await echoPort(on: loop)
    let address = try SocketAddress.resolve(host: "127.0.0.1", port: port, isListening: true)[0]
    #expect(throws: TransportError.self) { try Listener(address, on: loop) { _ in } }
  }
}
