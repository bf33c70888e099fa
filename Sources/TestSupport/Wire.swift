package import OpenSSL

/// A client's connection, with TLS or without, used by hand.
package final class Wire {
  package let connection: RawConnection
  private let tls: TLSSession?

  package init(_ connection: RawConnection) {
    self.connection = connection
    tls = nil
  }

  /// Connects and shakes hands as the client of 127.0.0.1.
  package init(port: UInt16, _ context: TLSContext) async throws {
    connection = try RawConnection(port: port)
    let tls = try TLSSession(context, serverName: "127.0.0.1")
    self.tls = tls
    while try tls.handshake() == .wantsInput {
      flush()
      let bytes = await connection.receivedBytes()
      guard !bytes.isEmpty else { throw WireError.closedInHandshake }
      try tls.receive(bytes.span)
    }
    flush()
  }

  package var applicationProtocol: String? { tls?.applicationProtocol }

  package func send(_ text: String) throws { try send(Array(text.utf8)) }

  package func send(_ bytes: [UInt8]) throws {
    guard let tls else { return connection.send(bytes) }
    try tls.write(bytes.span)
    flush()
  }

  /// Sends `bytes` and the end of the stream, both in one write.
  package func sendLast(_ bytes: [UInt8]) throws {
    if let tls {
      try tls.write(bytes.span)
      tls.close()
      flush()
    } else {
      connection.send(bytes)
    }
    connection.finishSending()
  }

  /// As `receive`, holding the thread, without TLS.
  package func read(limit: Int = 64 << 10) -> [UInt8] { connection.readBytes(limit: limit) }

  /// The next bytes, `limit` at most where there is no TLS; none at the end.
  package func receive(limit: Int = 64 << 10) async throws -> [UInt8] {
    guard let tls else { return await connection.receivedBytes(limit: limit) }
    while true {
      var plaintext: [UInt8] = []
      switch try tls.read(into: &plaintext) {
      case .bytes: return plaintext
      case .closed: return []
      case .wantsInput:
        let bytes = await connection.receivedBytes(limit: limit)
        guard !bytes.isEmpty else { return [] }
        try tls.receive(bytes.span)
      }
    }
  }

  /// What comes until `marker` has, or until the end.
  package func text(through marker: String? = nil) async throws -> String {
    var text = ""
    while marker.map({ !text.hasSuffix($0) }) ?? true {
      let bytes = try await receive()
      if bytes.isEmpty { break }
      text += String(decoding: bytes, as: UTF8.self)
    }
    return text
  }

  private func flush() {
    var ciphertext: [UInt8] = []
    tls?.takeCiphertext(into: &ciphertext)
    connection.send(ciphertext)
  }
}

package enum WireError: Error { case closedInHandshake }
