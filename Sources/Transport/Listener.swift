import CShims
import Glibc
import OpenSSL

/// A listening socket on a loop.
package final class Listener: Watcher {
  private static let acceptsPerTurn = 64
  /// How long accepting rests when descriptors run out: the condition does not pass by asking again at once.
  private static let exhaustedPause = Duration.milliseconds(100)

  /// Where it listens, with the real port where 0 was asked for.
  package let address: SocketAddress
  private let loop: Loop
  private let descriptor: Descriptor
  private let tls: ServerTLS?
  private let accepted: (Channel) -> Void
  private var identity: WatchIdentity?
  private var pausedUntil: ContinuousClock.Instant?

  /// Binds and listens; nothing is accepted before `start`.
  /// - Parameter tls: what the channels speak TLS with; nil for plain ones.
  package init(_ address: SocketAddress, tls: ServerTLS? = nil, on loop: Loop, accepted: @escaping (Channel) -> Void)
    throws(TransportError)
  {
    descriptor = try Descriptor(socketOf: address.family)
    descriptor.setOption(SOL_SOCKET, SO_REUSEADDR, 1)
    let raw = descriptor.raw
    guard unsafe address.withPointer({ unsafe bind(raw, $0, $1) }) == 0 else {
      throw TransportError.system(call: "bind", code: errno, about: address.description)
    }
    guard listen(raw, 1024) == 0 else { throw TransportError.system(call: "listen", code: errno, about: address.description) }
    self.address = SocketAddress(localAddressOf: raw) ?? address
    self.loop = loop
    self.tls = tls
    self.accepted = accepted
  }

  package func start() throws(TransportError) {
    identity = try loop.watch(descriptor.raw, for: .input, self)
  }

  /// Stops accepting. Connections that wait to be accepted are reset when the listener is released.
  package func stop() {
    guard let identity else { return }
    self.identity = nil
    loop.unwatch(identity, descriptor.raw)
  }

  func ready(_ readiness: Readiness) {
    for _ in 0..<Self.acceptsPerTurn where identity != nil {
      let raw = relaunch_accept(descriptor.raw)
      guard raw >= 0 else {
        if errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM { pause() }
        return
      }
      let socket = Descriptor(takingOwnershipOf: raw)
      socket.disableDelay()
      do {
        let session = try tls.map { tls throws(TLSError) in try TLSSession(tls.current) }
        accepted(Channel(socket, tls: session, on: loop))
      } catch {
        // OpenSSL has no memory for another session: the socket closes, which says as much as we can.
        continue
      }
    }
  }

  private func pause() {
    guard let identity else { return }
    pausedUntil = .now + Self.exhaustedPause
    loop.change(identity, descriptor.raw, to: [])
  }

  func tick(_ now: ContinuousClock.Instant) {
    guard let pausedUntil, pausedUntil <= now, let identity else { return }
    self.pausedUntil = nil
    loop.change(identity, descriptor.raw, to: .input)
  }
}
