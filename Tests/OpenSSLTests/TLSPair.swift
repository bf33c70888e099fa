import OpenSSL

/// Two ends of one TLS connection in memory, and the wire between them.
struct TLSPair {
  let client: TLSSession
  let server: TLSSession

  init(client: TLSContext, server: TLSContext, serverName: String = "push.example.com") throws {
    self.client = try TLSSession(client, serverName: serverName)
    self.server = try TLSSession(server)
  }

  /// Carries everything both ways, at most `chunk` bytes at a time.
  func carry(chunk: Int = .max) throws {
    try carry(from: client, to: server, chunk)
    try carry(from: server, to: client, chunk)
  }

  /// Shakes hands until both ends are done. Throws what either end throws, the client's first.
  func shakeHands(chunk: Int = .max) throws {
    for _ in 0..<10 {
      let outcomes = (Result { try client.handshake() }, Result { try server.handshake() })
      if case .failure(let error) = outcomes.0 { throw error }
      if case .failure(let error) = outcomes.1 {
        try carry()
        _ = try client.handshake()
        throw error
      }
      try carry(chunk: chunk)
      if try outcomes.0.get() == .done, try outcomes.1.get() == .done { return }
    }
    throw TLSPairError.neverDone
  }

  /// Everything `end` can read now, and how reading ended.
  static func drain(_ end: TLSSession) throws -> (bytes: [UInt8], end: TLSSession.ReadOutcome) {
    var bytes: [UInt8] = []
    while true {
      let outcome = try end.read(into: &bytes)
      guard case .bytes = outcome else { return (bytes, outcome) }
    }
  }

  private func carry(from: TLSSession, to: TLSSession, _ chunk: Int) throws {
    var wire: [UInt8] = []
    from.takeCiphertext(into: &wire)
    var rest = wire[...]
    while !rest.isEmpty {
      try to.receive(Array(rest.prefix(chunk)).span)
      rest = rest.dropFirst(chunk)
    }
  }
}

enum TLSPairError: Error { case neverDone }
