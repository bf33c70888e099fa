import COpenSSL

/// The settings that TLS sessions share: trust, identity, protocols. TLS 1.2 and later only.
///
/// @unchecked: an SSL_CTX counts its references and locks itself, and nothing here changes it after `init`.
@safe package final class TLSContext: @unchecked Sendable {
  enum Role: Hashable { case client, server }

  let role: Role
  private let raw: OpaquePointer
  private let protocols: ApplicationProtocols

  private init(_ role: Role, _ applicationProtocols: [String]) throws(TLSError) {
    self.role = role
    protocols = try ApplicationProtocols(applicationProtocols)
    do {
      unsafe raw = try OpenSSLError.make("SSL_CTX_new") {
        unsafe SSL_CTX_new(role == .client ? TLS_client_method() : TLS_server_method())
      }
      try OpenSSLError.check("SSL_CTX_set_min_proto_version") { unsafe openssl_set_minimum_version(raw, TLS1_2_VERSION) }
    } catch { throw .library(error) }
    // Renegotiation is an old door to floods; compression leaks secrets (CRIME).
    unsafe openssl_forbid_renegotiation_and_compression(raw)
    // Idle connections give their 34 KiB of record buffers back.
    unsafe openssl_add_mode(raw, Int(SSL_MODE_RELEASE_BUFFERS) | Int(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER))
    // Tickets carry resumption; a table in memory would only grow.
    unsafe openssl_disable_session_cache(raw)
  }

  deinit { unsafe SSL_CTX_free(raw) }

  /// The settings of a client. It always verifies the server's chain and name.
  /// - Parameters:
  ///   - identity: the client certificate, where the server asks for one.
  ///   - applicationProtocols: the ALPN names to offer, the preferred first; none: no ALPN.
  package static func client(
    trust: TLSTrust = .systemRoots, identity: TLSIdentity? = nil, applicationProtocols: [String] = []
  ) throws(TLSError) -> TLSContext {
    let context = try TLSContext(.client, applicationProtocols)
    switch trust {
    case .systemRoots:
      do throws(OpenSSLError) {
        try OpenSSLError.check("SSL_CTX_set_default_verify_paths") { unsafe SSL_CTX_set_default_verify_paths(context.raw) }
      } catch { throw .unusableAuthorities("\(error)") }
    case .authorities(let pem): try context.trust(pem)
    }
    unsafe SSL_CTX_set_verify(context.raw, SSL_VERIFY_PEER, nil)
    if let identity { try context.use(identity) }
    if let offered = unsafe context.protocols.wire.baseAddress {
      // This one function returns 0 for success.
      let failed = unsafe SSL_CTX_set_alpn_protos(context.raw, offered, UInt32(context.protocols.wire.count)) != 0
      if failed { throw .library(OpenSSLError(draining: "SSL_CTX_set_alpn_protos")) }
    }
    return context
  }

  /// The settings of a server.
  /// - Parameters:
  ///   - applicationProtocols: the ALPN names we speak, the preferred first. A client that offers only others is refused with
  ///     `no_application_protocol` (RFC 7301 section 3.2); one that offers none is served without.
  ///   - clientAuthorities: where given (PEM), a client must show a certificate from one of these.
  package static func server(
    identity: TLSIdentity, applicationProtocols: [String] = [], clientAuthorities: [UInt8]? = nil
  ) throws(TLSError) -> TLSContext {
    let context = try TLSContext(.server, applicationProtocols)
    try context.use(identity)
    if let clientAuthorities {
      try context.trust(clientAuthorities)
      unsafe SSL_CTX_set_verify(context.raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    }
    // Without a session id context, resuming a session of a verified client fails.
    _ = unsafe SSL_CTX_set_session_id_context(context.raw, Array("relaunch".utf8), 8)
    if unsafe context.protocols.wire.baseAddress != nil {
      let preference = unsafe Unmanaged.passUnretained(context.protocols).toOpaque()
      unsafe SSL_CTX_set_alpn_select_cb(context.raw, selectApplicationProtocol, preference)
    }
    return context
  }

  /// Lends the handle to a call that takes a reference of its own.
  func withHandle<Result>(_ body: (OpaquePointer) -> Result) -> Result { unsafe body(raw) }

  private func trust(_ pem: [UInt8]) throws(TLSError) {
    let store = unsafe SSL_CTX_get_cert_store(raw)
    do {
      try Certificate.forEach(inPEM: pem) { (certificate, _) throws(OpenSSLError) in
        try OpenSSLError.check("X509_STORE_add_cert") { unsafe certificate.withHandle { unsafe X509_STORE_add_cert(store, $0) } }
      }
    } catch { throw .unusableAuthorities("\(error)") }
    _ = unsafe X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
  }

  private func use(_ identity: TLSIdentity) throws(TLSError) {
    do {
      try Certificate.forEach(inPEM: identity.certificateChainPEM) { (certificate, position) throws(OpenSSLError) in
        if position == 0 {
          try OpenSSLError.check("SSL_CTX_use_certificate") {
            unsafe certificate.withHandle { unsafe SSL_CTX_use_certificate(raw, $0) }
          }
        } else {
          try OpenSSLError.check("SSL_CTX_add1_chain_cert") {
            unsafe certificate.withHandle { unsafe openssl_add_chain_certificate(raw, $0) }
          }
        }
      }
      let key = try PrivateKey(pem: identity.privateKeyPEM)
      try OpenSSLError.check("SSL_CTX_use_PrivateKey") { unsafe key.withHandle { unsafe SSL_CTX_use_PrivateKey(raw, $0) } }
      try OpenSSLError.check("SSL_CTX_check_private_key") { unsafe SSL_CTX_check_private_key(raw) }
    } catch { throw .unusableIdentity("\(error)") }
  }
}

/// The ALPN thunk: recovers the server's preference and lets OpenSSL choose.
private func selectApplicationProtocol(
  _: OpaquePointer?, chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, chosenCount: UnsafeMutablePointer<UInt8>?,
  offered: UnsafePointer<UInt8>?, offeredCount: UInt32, preference: UnsafeMutableRawPointer?
) -> Int32 {
  guard let preference = unsafe preference, let chosen = unsafe chosen else { return SSL_TLSEXT_ERR_NOACK }
  let protocols = unsafe Unmanaged<ApplicationProtocols>.fromOpaque(preference).takeUnretainedValue()
  var selected: UnsafeMutablePointer<UInt8>? = nil
  let outcome = unsafe SSL_select_next_proto(
    &selected, chosenCount, protocols.wire.baseAddress, UInt32(protocols.wire.count), offered, offeredCount)
  unsafe chosen.pointee = UnsafePointer(selected)
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL
}
