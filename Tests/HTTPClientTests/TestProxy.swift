import Dispatch
import TestSupport
import Transport

/// A proxy for tests. It notes the head of each request, and answers with what the test says or makes a tunnel to the port that CONNECT
/// names, on this machine.
///
// @unchecked: everything that changes is touched on the loop alone.
final class TestProxy: @unchecked Sendable {
  let port: UInt16
  private let loop: Loop
  private let listener: LoopBound<Listener>
  private let seen: AsyncStream<String>

  /// - Parameter answer: what to say to a head; nil for a tunnel.
  init(_ answer: @escaping @Sendable (_ head: String) -> String? = { _ in nil }) throws {
    let loop = try Loop(name: "proxy")
    self.loop = loop
    let (seen, heads) = AsyncStream<String>.makeStream(bufferingPolicy: .bufferingNewest(100))
    self.seen = seen
    let address = try SocketAddress.resolve(host: "127.0.0.1", port: 0, isListening: true)[0]
    let made = Result {
      try loop.queue.sync {
        let listener = try Listener(address, on: loop) { channel in
          try? channel.start(
            Client(channel) { head in
              heads.yield(head)
              return answer(head)
            })
        }
        try listener.start()
        return LoopBound(listener, to: loop)
      }
    }
    let listener = try made.get()
    self.listener = listener
    port = loop.queue.sync { listener.value.address.port }
  }

  func nextHead() async -> String? {
    var iterator = seen.makeAsyncIterator()
    return await iterator.next()
  }

  /// The end that the client has connected to.
  private final class Client: ChannelHandler {
    let channel: Channel
    private let answer: (String) -> String?
    private var head: [UInt8] = []
    private var tunnel: Far?

    init(_ channel: Channel, _ answer: @escaping (String) -> String?) {
      self.channel = channel
      self.answer = answer
    }

    func received(_ bytes: Span<UInt8>) {
      let bytes = bytes.indices.map { bytes[$0] }
      if let tunnel { return tunnel.channel.send(bytes) }
      head += bytes
      guard head.suffix(4).elementsEqual("\r\n\r\n".utf8) else { return }
      let text = String(decoding: head, as: UTF8.self)
      head = []
      if let answer = answer(text) { return channel.send(Array(answer.utf8)) }
      guard let port = UInt16(text.prefix { $0 != "\r\n" }.split(separator: " ")[1].split(separator: ":").last ?? "") else {
        return channel.close()
      }
      let client = LoopBound(self, to: channel.loop)
      Connector.connect(host: "127.0.0.1", port: port, tls: nil, on: channel.loop, deadline: .now + .seconds(10)) { result in
        client.value.connected(result)
      }
    }

    private func connected(_ result: Result<LoopBound<Channel>, TransportError>) {
      guard case .success(let channel) = result else { return self.channel.close() }
      let far = Far(channel.value, for: self)
      tunnel = far
      try? far.channel.start(far)
    }

    func established(_ applicationProtocol: String?) {}
    func receivedEnd() { channel.close() }
    func sentAll() {}
    func deadlinePassed() {}
    func closed(_ closure: ChannelClosure) {
      tunnel?.channel.close()
      tunnel = nil
    }
  }

  /// The end that is connected to the origin.
  private final class Far: ChannelHandler {
    let channel: Channel
    private weak var client: Client?

    init(_ channel: Channel, for client: Client) {
      self.channel = channel
      self.client = client
    }

    func established(_ applicationProtocol: String?) { client?.channel.send(Array("HTTP/1.1 200 Go\r\n\r\n".utf8)) }
    func received(_ bytes: Span<UInt8>) { client?.channel.send(bytes.indices.map { bytes[$0] }) }
    func receivedEnd() { channel.close() }
    func sentAll() {}
    func deadlinePassed() {}
    func closed(_ closure: ChannelClosure) { client?.channel.close() }
  }
}
