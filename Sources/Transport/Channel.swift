import Glibc
import OpenSSL

/// A connected stream socket on a loop, with TLS or without.
///
/// Used on its loop's queue only. Output that the kernel does not take is kept; `unsentBytes` says how much, and whoever writes
/// bounds it. A channel that is closed ignores all calls.
package final class Channel: Watcher {
  package let loop: Loop
  private let descriptor: Descriptor
  /// Who the peer is; nil where it was gone before anyone could ask.
  package let peerHost: SocketAddress.Host?
  private var tls: TLSSession?
  private var handler: (any ChannelHandler)?
  private var identity: WatchIdentity?
  private var interest: Readiness = [.input]
  private var output: [UInt8] = []
  private var outputStart = 0
  private var deadline: ContinuousClock.Instant?
  private var isEstablished = false
  private var closesWhenSent = false
  private var hasReceivedEnd = false
  private var hasReceivedCloseNotify = false
  private var lingersUntil: ContinuousClock.Instant?
  /// How much more input is thrown away while the channel lingers.
  private var lingerBytes = 256 << 10
  private var plaintext: [UInt8] = []

  /// - Parameter tls: a session that nothing has been fed to yet.
  init(_ descriptor: consuming Descriptor, tls: TLSSession? = nil, on loop: Loop) {
    peerHost = SocketAddress(peerAddressOf: descriptor.raw).map { SocketAddress.Host($0) }
    self.descriptor = descriptor
    self.tls = tls
    self.loop = loop
  }

  /// Begins to serve the socket for `handler`, which the channel keeps until it is closed.
  package func start(_ handler: any ChannelHandler) throws(TransportError) {
    self.handler = handler
    do {
      identity = try loop.watch(descriptor.raw, for: interest, self)
    } catch {
      self.handler = nil
      throw error
    }
    if tls == nil {
      isEstablished = true
      handler.established(nil)
    } else {
      advanceTLS()
    }
  }

  package var isSecure: Bool { tls != nil }

  package var isOpen: Bool { identity != nil }

  /// Bytes that were sent here and have not left for the kernel yet.
  package var unsentBytes: Int { output.count - outputStart }

  /// Those, and what the kernel has and the peer's has not. It tells whether the peer reads at all: the kernel takes more from us in
  /// leaps, each as large as half of what it holds, which may be megabytes.
  package var undeliveredBytes: Int { unsentBytes + descriptor.unacknowledgedBytes }

  /// Begins TLS, as a client, on a channel that has spoken none: what comes from now on is its handshake. The handler hears once more that
  /// the channel is established.
  package func secure(_ tls: Connector.TLS) {
    precondition(self.tls == nil, "TLS inside TLS")
    guard isOpen else { return }
    do {
      self.tls = try TLSSession(tls.context, serverName: tls.serverName)
    } catch {
      return end(.tls("\(error)"))
    }
    isEstablished = false
    advanceTLS()
  }

  /// When `deadlinePassed` is to be called; nil for never. Kept to a quarter of a second.
  package func setDeadline(_ instant: ContinuousClock.Instant?) { deadline = instant }

  /// Sends `bytes` after all that was sent before. Not before the handler heard that the channel is established.
  package func send(_ bytes: [UInt8]) {
    guard isOpen, isEstablished, !closesWhenSent else { return }
    guard let tls else { return sendRaw(bytes) }
    do {
      try tls.write(bytes.span)
    } catch {
      return end(.tls("\(error)"))
    }
    flushTLS()
  }

  /// Stops reading until `resumeReading`; the kernel's window then holds the peer back.
  package func pauseReading() { setInterest(interest.subtracting(.input)) }
  package func resumeReading() { if !hasReceivedEnd { setInterest(interest.union(.input)) } }

  /// Closes at once; what has not left is dropped.
  package func close() { end(.local) }

  /// Closes when all that was sent has left, and lets the peer read it: the socket lingers, its input thrown away, until the peer
  /// closes too. Closing with input unread would reset the connection and could destroy what we sent (RFC 9112 section 9.6).
  /// The handler hears `closed` when the lingering is over, after two seconds at most; until then the socket counts as open.
  package func closeWhenSent() {
    guard isOpen, !closesWhenSent else { return }
    if let tls {
      tls.close()
      flushTLS()
    }
    closesWhenSent = true
    if unsentBytes == 0 { linger() }
  }

  // MARK: Watcher

  func ready(_ readiness: Readiness) {
    if readiness.contains(.output) { flush() }
    guard isOpen, !readiness.isDisjoint(with: [.input, .hangUp, .error]) else { return }
    let count = loop.read(descriptor.raw) { bytes in
      if closesWhenSent { return }
      if let tls { feed(tls, bytes) } else { handler?.received(bytes) }
    }
    if lingersUntil != nil, count != nil || errno != EAGAIN {
      lingerBytes -= count ?? 0
      if (count ?? 0) == 0 || lingerBytes < 0 { end(.local) }
      return
    }
    switch count {
    case nil: if errno != EAGAIN && errno != EINTR { end(.reset(TransportError.text(errno))) }
    case 0: endOfInput()
    default: break
    }
  }

  func tick(_ now: ContinuousClock.Instant) {
    if let lingersUntil, lingersUntil <= now { return end(.local) }
    guard let deadline, deadline <= now else { return }
    self.deadline = nil
    handler?.deadlinePassed()
  }

  private func endOfInput() {
    guard !hasReceivedEnd else { return end(.reset("connection reset")) }
    // RFC 8446 section 6.1: without close_notify anyone on the way may have cut the stream short.
    guard tls == nil || hasReceivedCloseNotify || closesWhenSent else {
      return end(.tls("the stream ended without close_notify"))
    }
    hasReceivedEnd = true
    // The end stays readable for ever; without this the loop would turn on it.
    setInterest(interest.subtracting(.input))
    if !closesWhenSent { handler?.receivedEnd() }
  }

  // MARK: TLS

  private func feed(_ tls: TLSSession, _ ciphertext: Span<UInt8>) {
    do {
      try tls.receive(ciphertext)
    } catch {
      return end(.tls("\(error)"))
    }
    advanceTLS()
  }

  private func advanceTLS() {
    guard let tls else { return }
    do {
      if !isEstablished {
        if try tls.handshake() == .wantsInput { return flushTLS() }
        isEstablished = true
        handler?.established(tls.applicationProtocol)
      }
      reading: while isOpen, !closesWhenSent {
        plaintext.removeAll(keepingCapacity: plaintext.capacity <= 4 << 10)
        switch try tls.read(into: &plaintext, limit: 64 << 10) {
        case .bytes: handler?.received(plaintext.span)
        case .wantsInput: break reading
        case .closed:
          hasReceivedCloseNotify = true
          if !hasReceivedEnd { endOfInput() }
          break reading
        }
      }
    } catch {
      // The alert that says why is worth sending before the end.
      flushTLS()
      return end(.tls("\(error)"))
    }
    flushTLS()
  }

  private func flushTLS() {
    guard isOpen, let tls else { return }
    var ciphertext: [UInt8] = []
    tls.takeCiphertext(into: &ciphertext)
    if !ciphertext.isEmpty { sendRaw(ciphertext) }
  }

  // MARK: Output

  private func sendRaw(_ bytes: [UInt8]) {
    guard unsentBytes == 0 else {
      // What has left is dropped first; a peer that never reads everything would otherwise make the array grow for ever.
      if outputStart > 64 << 10 {
        output.removeFirst(outputStart)
        outputStart = 0
      }
      output += bytes
      return
    }
    let sent = transmit(bytes, from: 0)
    guard isOpen, sent < bytes.count else { return }
    output = bytes
    outputStart = sent
    setInterest(interest.union(.output))
  }

  private func flush() {
    outputStart += transmit(output, from: outputStart)
    guard isOpen, unsentBytes == 0 else { return }
    output = []
    outputStart = 0
    setInterest(interest.subtracting(.output))
    if closesWhenSent { return linger() }
    handler?.sentAll()
  }

  /// Hands bytes to the kernel until it takes no more.
  private func transmit(_ bytes: [UInt8], from start: Int) -> Int {
    let raw = descriptor.raw
    var sent = 0
    while start + sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.send(raw, buffer.baseAddress?.advanced(by: start + sent), buffer.count - start - sent, Int32(MSG_NOSIGNAL))
      }
      if count > 0 {
        sent += count
      } else if errno == EAGAIN {
        break
      } else if errno != EINTR {
        end(.reset(TransportError.text(errno)))
        break
      }
    }
    return sent
  }

  private func linger() {
    guard !hasReceivedEnd else { return end(.local) }
    _ = shutdown(descriptor.raw, Int32(SHUT_WR))
    lingersUntil = .now + .seconds(2)
    deadline = nil
    setInterest(.input)
  }

  private func setInterest(_ readiness: Readiness) {
    guard let identity, readiness != interest else { return }
    interest = readiness
    loop.change(identity, descriptor.raw, to: readiness)
  }

  private func end(_ closure: ChannelClosure) {
    guard let identity else { return }
    self.identity = nil
    loop.unwatch(identity, descriptor.raw)
    // The peer learns of the end now, even if someone still holds the channel.
    _ = shutdown(descriptor.raw, Int32(SHUT_RDWR))
    let last = handler
    handler = nil
    last?.closed(closure)
  }
}
