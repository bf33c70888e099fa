import Dispatch
import TestSupport
import Transport

/// Sends back what comes, and closes after its peer.
final class EchoHandler: ChannelHandler {
  private let channel: Channel
  private let onClosed: @Sendable (ChannelClosure) -> Void

  init(_ channel: Channel, onClosed: @escaping @Sendable (ChannelClosure) -> Void = { _ in }) {
    self.channel = channel
    self.onClosed = onClosed
  }

  func established(_ applicationProtocol: String?) {}
  func received(_ bytes: Span<UInt8>) {
    var copy: [UInt8] = []
    for index in bytes.indices { copy.append(bytes[index]) }
    channel.send(copy)
  }
  func receivedEnd() { channel.closeWhenSent() }
  func sentAll() {}
  func deadlinePassed() { channel.close() }
  func closed(_ closure: ChannelClosure) { onClosed(closure) }
}

/// Starts an echo server that lives as long as its loop; the port is its own.
func echoPort(on loop: Loop, onClosed: @escaping @Sendable (ChannelClosure) -> Void = { _ in }) async throws -> UInt16 {
  let address = try SocketAddress.resolve(host: "127.0.0.1", port: 0, isListening: true)[0]
  let port: UInt16? = await withCheckedContinuation { continuation in
    loop.perform {
      let listener = try? Listener(address, on: loop) { channel in
        channel.setDeadline(.now + .seconds(5))
        try? channel.start(EchoHandler(channel, onClosed: onClosed))
      }
      try? listener?.start()
      continuation.resume(returning: listener?.address.port)
    }
  }
  return port ?? 0
}

/// What comes back for `text` over a connection of its own.
func echoed(_ text: String, port: UInt16) async -> String? {
  guard let connection = try? RawConnection(port: port) else { return nil }
  await withCheckedContinuation { continuation in
    DispatchQueue(label: "test.send").async {
      connection.send(text)
      connection.finishSending()
      continuation.resume()
    }
  }
  return await connection.received()
}
