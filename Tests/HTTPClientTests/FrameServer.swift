import Dispatch
import HTTPClient
import OpenSSL
import TestSupport
import Transport

/// An HTTP/2 server over TLS that does with each frame what a script says: what no sound server can be made to do. It sends its SETTINGS
/// first, and acknowledges SETTINGS and PING, by itself.
///
// @unchecked: everything that changes is touched on the loop alone.
final class FrameServer: @unchecked Sendable {
  struct Frame: Equatable, Sendable {
    enum Kind: UInt8, Sendable {
      case data, headers, priority, resetStream, settings, pushPromise, ping, goAway, windowUpdate, continuation
    }

    var kind: Kind
    var flags: UInt8 = 0
    var stream: Int32 = 0
    var payload: [UInt8] = []

    /// The error code of RST_STREAM, or the last stream of GOAWAY.
    var number: Int32 { payload.prefix(4).reduce(0) { $0 << 8 | Int32($1) } }

    var bytes: [UInt8] {
      [UInt8(payload.count >> 16 & 255), UInt8(payload.count >> 8 & 255), UInt8(payload.count & 255), kind.rawValue, flags]
        + Self.number(stream) + payload
    }

    static func number(_ value: Int32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

    // MARK: What a server says

    /// The head of a response with the status 200, which is entry 8 of HPACK's static table.
    static func head(_ stream: Int32, ends: Bool = false) -> Frame {
      Frame(kind: .headers, flags: ends ? 5 : 4, stream: stream, payload: [0x88])
    }

    static func data(_ stream: Int32, _ text: String, ends: Bool = true) -> Frame {
      Frame(kind: .data, flags: ends ? 1 : 0, stream: stream, payload: Array(text.utf8))
    }

    static func reset(_ stream: Int32, _ code: Int32) -> Frame {
      Frame(kind: .resetStream, stream: stream, payload: number(code))
    }

    static func goAway(last: Int32) -> Frame { Frame(kind: .goAway, payload: number(last) + number(0)) }
  }

  final class Peer: ChannelHandler {
    /// Counts connections from 0.
    let number: Int
    private let channel: Channel
    private weak var server: FrameServer?
    /// A peer that is mute takes everything and says nothing, not even that it lives.
    var isMute = false
    /// For scripts that count.
    var pings = 0
    private var input: [UInt8] = []

    fileprivate init(_ channel: Channel, _ number: Int, of server: FrameServer) {
      self.channel = channel
      self.number = number
      self.server = server
    }

    /// The peer of another connection.
    func other(_ number: Int) -> Peer? { server?.peers[number] }
    func send(_ frames: Frame...) { channel.send(frames.flatMap(\.bytes)) }
    func close() { channel.close() }

    func established(_ applicationProtocol: String?) { send(Frame(kind: .settings)) }

    func received(_ bytes: Span<UInt8>) {
      if input.isEmpty, !hasPreface { preface = 24 }
      for index in bytes.indices { input.append(bytes[index]) }
      if preface > 0, input.count >= preface {
        input.removeFirst(preface)
        preface = 0
        hasPreface = true
      }
      while preface == 0, let frame = nextFrame() { judge(frame) }
    }

    private var preface = 0
    private var hasPreface = false

    private func nextFrame() -> Frame? {
      guard input.count >= 9 else { return nil }
      let length = Int(input[0]) << 16 | Int(input[1]) << 8 | Int(input[2])
      guard input.count >= 9 + length, let kind = Frame.Kind(rawValue: input[3]) else { return nil }
      defer { input.removeFirst(9 + length) }
      let stream = input[5..<9].reduce(0) { $0 << 8 | Int32($1) }
      return Frame(kind: kind, flags: input[4], stream: stream, payload: Array(input[9..<9 + length]))
    }

    private func judge(_ frame: Frame) {
      if !isMute, frame.flags & 1 == 0, frame.kind == .settings || frame.kind == .ping {
        send(Frame(kind: frame.kind, flags: 1, payload: frame.kind == .ping ? frame.payload : []))
      }
      server?.script(frame, self)
      server?.events.yield((number, frame))
    }

    func receivedEnd() { channel.close() }
    func sentAll() {}
    func deadlinePassed() {}
    func closed(_ closure: ChannelClosure) {}
  }

  let origin: Origin
  private let authority: SelfSignedAuthority
  private let loop: Loop
  private var listener: Listener?
  private var peers: [Peer] = []
  fileprivate let script: (Frame, Peer) -> Void
  fileprivate let events: AsyncStream<(Int, Frame)>.Continuation
  private let seen: AsyncStream<(Int, Frame)>

  init(_ script: @escaping @Sendable (Frame, Peer) -> Void) throws {
    self.script = script
    (seen, events) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1_000))
    authority = try SelfSignedAuthority()
    let loop = try Loop(name: "frames")
    self.loop = loop
    let tls = ServerTLS(
      try TLSContext.server(
        identity: try authority.issue(commonName: "server", names: ["IP:127.0.0.1"]), applicationProtocols: ["h2"]))
    let address = try SocketAddress.resolve(host: "127.0.0.1", port: 0, isListening: true)[0]
    let peers = Peers()
    let made = Result { [loop] in
      try loop.queue.sync {
        let listener = try Listener(address, tls: tls, on: loop) { peers.accept($0) }
        try listener.start()
        return LoopBound(listener, to: loop)
      }
    }
    let bound = try made.get()
    origin = Origin(isSecure: true, host: "127.0.0.1", port: loop.queue.sync { bound.value.address.port })
    loop.queue.sync { listener = bound.value }
    peers.server = self
  }

  /// Connects the listener's closure with the server, which does not exist yet when that is made.
  private final class Peers {
    weak var server: FrameServer?

    func accept(_ channel: Channel) {
      guard let server else { return }
      let peer = Peer(channel, server.peers.count, of: server)
      server.peers.append(peer)
      try? channel.start(peer)
    }
  }

  func client(_ change: (inout HTTPClient.Configuration) -> Void = { _ in }) throws -> HTTPClient {
    let context = try TLSContext.client(
      trust: .authorities(pem: authority.certificatePEM), applicationProtocols: ["h2", "http/1.1"])
    var configuration = HTTPClient.Configuration(tls: context)
    change(&configuration)
    return HTTPClient(configuration, on: try Loop(name: "client"))
  }

  /// How many connections there have been.
  var connectionCount: Int { loop.queue.sync { peers.count } }

  /// The next frame that `isWanted`, with the number of its connection.
  func next(where isWanted: (Frame) -> Bool) async -> (connection: Int, frame: Frame)? {
    for await (connection, frame) in seen where isWanted(frame) { return (connection, frame) }
    return nil
  }
}
