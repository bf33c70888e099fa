import Dispatch
import Glibc
package import OpenSSL

/// Opens connections: looks names up on a queue of its own, then tries the addresses one after the other on the loop.
package enum Connector {
  /// TLS as the client of `serverName`.
  package struct TLS: Sendable {
    package let context: TLSContext
    package let serverName: String

    package init(context: TLSContext, serverName: String) {
      self.context = context
      self.serverName = serverName
    }
  }

  private static let resolver = DispatchQueue(label: "relaunch.resolver", attributes: .concurrent)

  /// Calls `completion` on `loop` with a channel that is connected and not started; with TLS, the handshake begins at its start.
  package static func connect(
    host: String, port: UInt16, tls: TLS?, on loop: Loop, deadline: ContinuousClock.Instant,
    completion: @escaping @Sendable (Result<LoopBound<Channel>, TransportError>) -> Void
  ) {
    resolver.async {
      do throws(TransportError) {
        let addresses = try SocketAddress.resolve(host: host, port: port)
        loop.perform {
          Attempt(addresses[...], tls: tls, on: loop, deadline: deadline, completion: completion).tryNext(
            after: .unresolvable(host: host, reason: "no address"))
        }
      } catch {
        loop.perform { completion(.failure(error)) }
      }
    }
  }

  /// One connection attempt after the other, on the loop. The watch keeps it alive while the kernel connects.
  private final class Attempt: Watcher {
    private var addresses: ArraySlice<SocketAddress>
    private let tls: TLS?
    private let loop: Loop
    private let deadline: ContinuousClock.Instant
    private let completion: @Sendable (Result<LoopBound<Channel>, TransportError>) -> Void
    private var socket: Descriptor?
    private var identity: WatchIdentity?
    private var address = ""

    init(
      _ addresses: ArraySlice<SocketAddress>, tls: TLS?, on loop: Loop, deadline: ContinuousClock.Instant,
      completion: @escaping @Sendable (Result<LoopBound<Channel>, TransportError>) -> Void
    ) {
      self.addresses = addresses
      self.tls = tls
      self.loop = loop
      self.deadline = deadline
      self.completion = completion
    }

    /// - Parameter error: what to report when no address is left.
    func tryNext(after error: TransportError) {
      guard let next = addresses.popFirst() else { return completion(.failure(error)) }
      address = next.description
      do {
        let descriptor = try Descriptor(socketOf: next.family)
        descriptor.disableDelay()
        let raw = descriptor.raw
        let code = unsafe next.withPointer { unsafe Glibc.connect(raw, $0, $1) } == 0 ? 0 : errno
        guard code == 0 || code == EINPROGRESS else { return tryNext(after: failure(code)) }
        identity = try loop.watch(raw, for: .output, self)
        socket = consume descriptor
      } catch {
        tryNext(after: error)
      }
    }

    func ready(_ readiness: Readiness) { settle { $0 } }

    func tick(_ now: ContinuousClock.Instant) {
      if deadline <= now { settle { $0 == 0 ? ETIMEDOUT : $0 } }
    }

    private func settle(_ judged: (Int32) -> Int32) {
      guard let identity, let descriptor = socket.take() else { return }
      self.identity = nil
      loop.unwatch(identity, descriptor.raw)
      let code = judged(descriptor.pendingError)
      guard code == 0 else { return code == ETIMEDOUT ? completion(.failure(failure(code))) : tryNext(after: failure(code)) }
      do {
        let session = try tls.map { tls throws(TLSError) in try TLSSession(tls.context, serverName: tls.serverName) }
        completion(.success(LoopBound(Channel(descriptor, tls: session, on: loop), to: loop)))
      } catch {
        completion(.failure(.unresolvable(host: address, reason: "\(error)")))
      }
    }

    private func failure(_ code: Int32) -> TransportError { .system(call: "connect", code: code, about: address) }
  }
}
