import COpenSSL

/// One TLS connection as a byte machine: ciphertext is fed in and drained, plaintext is written and read; it never touches a
/// socket. It belongs to one loop.
///
/// Every call may leave ciphertext to send, also a failed one (the alert that tells the peer why): drain with
/// `takeCiphertext(into:)` afterwards. After a call has thrown `.handshake`, `.certificate` or `.record`, all further ones throw
/// it again. An end of file without `.closed` before it is a truncation, which only the caller can see.
@safe package final class TLSSession {
  package enum HandshakeOutcome: Hashable, Sendable {
    case done
    /// More ciphertext from the peer is needed.
    case wantsInput
  }

  package enum ReadOutcome: Hashable, Sendable {
    /// So many bytes were appended; there may be more.
    case bytes(Int)
    /// Everything fed in was used up.
    case wantsInput
    /// The peer said close_notify; nothing more will come.
    case closed
  }

  private let context: TLSContext
  private let raw: OpaquePointer
  // Both belong to `raw`, which frees them.
  private let incoming: OpaquePointer
  private let outgoing: OpaquePointer
  /// Who the peer is, for messages.
  private let name: String
  private var isEstablished = false
  private var isClosed = false
  private var failure: TLSError?
  /// Plaintext that waits for input: a write may have to finish reading a post-handshake message first (RFC 8446 section 4.6).
  private var delayed: [UInt8] = []
  /// The beginning of the first record, while the rest is missing: for less than a record OpenSSL would take as much memory as for the
  /// whole handshake. nil when OpenSSL has it, and at a client's end.
  private var firstRecord: [UInt8]?

  private init(_ context: TLSContext, name: String) throws(OpenSSLError) {
    self.context = context
    self.name = name
    unsafe raw = try OpenSSLError.make("SSL_new") { unsafe context.withHandle { unsafe SSL_new($0) } }
    let incoming = unsafe BIO_new(BIO_s_mem())
    let outgoing = unsafe BIO_new(BIO_s_mem())
    guard let incoming = unsafe incoming, let outgoing = unsafe outgoing else {
      unsafe BIO_free(incoming)
      unsafe BIO_free(outgoing)
      unsafe SSL_free(raw)
      throw OpenSSLError(draining: "BIO_new")
    }
    unsafe openssl_set_empty_result(incoming, -1)
    unsafe openssl_set_empty_result(outgoing, -1)
    unsafe self.incoming = incoming
    unsafe self.outgoing = outgoing
    unsafe SSL_set_bio(raw, incoming, outgoing)
  }

  deinit { unsafe SSL_free(raw) }

  /// A client's end. The server must show a certificate that names `serverName` in its subjectAltName.
  ///
  /// An IP address (brackets allowed for IPv6) is compared with the certificate's addresses and not sent as SNI, which RFC 6066
  /// section 3 keeps for host names.
  /// - Precondition: `context` comes from `TLSContext.client`.
  package convenience init(_ context: TLSContext, serverName: String) throws(TLSError) {
    precondition(context.role == .client, "a session with a server name needs a client's context")
    do { try self.init(context, name: serverName) } catch { throw .library(error) }
    unsafe SSL_set_connect_state(raw)
    try expect(serverName)
  }

  /// A server's end.
  /// - Parameter clientName: who the peer is, for messages, such as its address.
  /// - Precondition: `context` comes from `TLSContext.server`.
  package convenience init(_ context: TLSContext, clientName: String = "the client") throws(TLSError) {
    precondition(context.role == .server, "a session without a server name needs a server's context")
    do { try self.init(context, name: clientName) } catch { throw .library(error) }
    unsafe SSL_set_accept_state(raw)
    firstRecord = []
  }

  /// Takes bytes from the peer. They are kept until `handshake()` or `read(into:limit:)` uses them.
  package func receive(_ ciphertext: Span<UInt8>) throws(TLSError) {
    if let failure { throw failure }
    guard !ciphertext.isEmpty else { return }
    if firstRecord != nil {
      unsafe ciphertext.withUnsafeBytes { unsafe firstRecord?.append(contentsOf: $0) }
      guard let beginning = firstRecord, Self.isWhole(beginning) else { return }
      firstRecord = nil
      return try pass(beginning.span)
    }
    try pass(ciphertext)
  }

  /// Whether a whole record stands at the beginning (RFC 8446 section 5.1), or something else than a handshake's.
  private static func isWhole(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= 5 else { return !zip(bytes, [22, 3]).allSatisfy(==) }
    let length = Int(bytes[3]) << 8 | Int(bytes[4])
    return bytes[0] != 22 || bytes[1] != 3 || length > 1 << 14 || bytes.count >= 5 + length
  }

  private func pass(_ ciphertext: Span<UInt8>) throws(TLSError) {
    guard let count = Int32(exactly: ciphertext.count) else {
      throw .library(OpenSSLError(function: "BIO_write", reason: "more than 2 GiB at once"))
    }
    ERR_clear_error()
    let written = unsafe ciphertext.withUnsafeBytes { unsafe BIO_write(incoming, $0.baseAddress, count) }
    guard written == count else { throw fail(.library(OpenSSLError(draining: "BIO_write"))) }
  }

  /// Goes on with the handshake as far as the bytes allow. Done once, it stays done.
  package func handshake() throws(TLSError) -> HandshakeOutcome {
    if let failure { throw failure }
    guard !isEstablished else { return .done }
    guard firstRecord == nil else { return .wantsInput }
    ERR_clear_error()
    let result = unsafe SSL_do_handshake(raw)
    if result == 1 {
      isEstablished = true
      return .done
    }
    if unsafe SSL_get_error(raw, result) == SSL_ERROR_WANT_READ { return .wantsInput }
    let error = OpenSSLError(draining: "SSL_do_handshake")
    let verdict = unsafe SSL_get_verify_result(raw)
    guard verdict == Int(X509_V_OK) else { throw fail(.certificate(name: name, problem: Self.problem(verdict))) }
    throw fail(.handshake(name: name, error))
  }

  /// Appends at most `limit` bytes of plaintext to `bytes`; one record at most, so call again until `.wantsInput`.
  package func read(into bytes: inout [UInt8], limit: Int = 16_384) throws(TLSError) -> ReadOutcome {
    if let failure { throw failure }
    guard isEstablished else { throw .handshakePending(name: name) }
    let capacity = min(limit, 16_384)
    guard capacity > 0 else { return .bytes(0) }
    ERR_clear_error()
    var count = 0
    let result = unsafe withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 16) { buffer in
      let result = unsafe SSL_read_ex(raw, buffer.baseAddress, capacity, &count)
      if result == 1 { unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
      return result
    }
    if result == 1 {
      try writeDelayed()
      return .bytes(count)
    }
    switch unsafe SSL_get_error(raw, result) {
    case SSL_ERROR_WANT_READ:
      try writeDelayed()
      return .wantsInput
    case SSL_ERROR_ZERO_RETURN: return .closed
    default: throw fail(.record(name: name, OpenSSLError(draining: "SSL_read_ex")))
    }
  }

  /// Encrypts all of `plaintext`.
  package func write(_ plaintext: Span<UInt8>) throws(TLSError) {
    if let failure { throw failure }
    guard isEstablished else { throw .handshakePending(name: name) }
    guard !isClosed else { throw .closed(name: name) }
    guard !plaintext.isEmpty else { return }
    try unsafe plaintext.withUnsafeBytes { (bytes) throws(TLSError) in
      let isWritten = unsafe delayed.isEmpty ? try encrypt(bytes) : false
      if !isWritten { unsafe delayed.append(contentsOf: bytes) }
    }
  }

  /// Moves everything that must be sent to the peer to the end of `bytes`.
  package func takeCiphertext(into bytes: inout [UInt8]) {
    // Read, not lent and reset: resetting clears the whole buffer, which stays as large as the largest write was.
    let count = unsafe Int32(clamping: BIO_ctrl_pending(outgoing))
    guard count > 0 else { return }
    bytes.append(addingCapacity: Int(count)) { span in
      unsafe span.withUnsafeMutableBufferPointer { buffer, initialized in
        initialized = unsafe max(0, Int(BIO_read(outgoing, buffer.baseAddress, count)))
      }
    }
  }

  /// Whether `takeCiphertext(into:)` would take anything.
  package var hasCiphertext: Bool { unsafe BIO_ctrl_pending(outgoing) > 0 }

  /// Says close_notify: we write no more. Reading goes on until the peer closes as well. Nothing happens before the handshake is
  /// done, or after a failure.
  package func close() {
    guard isEstablished, !isClosed, failure == nil else { return }
    isClosed = true
    if delayed.isEmpty { sayClose() }
  }

  /// The protocol agreed on by ALPN; nil where there was none.
  package var applicationProtocol: String? {
    var start: UnsafePointer<UInt8>? = nil
    var count: UInt32 = 0
    unsafe SSL_get0_alpn_selected(raw, &start, &count)
    guard let start = unsafe start, count > 0 else { return nil }
    return unsafe String(decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
  }

  /// The protocol version, such as `TLSv1.3`.
  package var version: String { unsafe String(cString: SSL_get_version(raw)) }

  /// Returns whether the bytes went; false where input is needed first.
  private func encrypt(_ bytes: UnsafeRawBufferPointer) throws(TLSError) -> Bool {
    ERR_clear_error()
    var written = 0
    let result = unsafe SSL_write_ex(raw, bytes.baseAddress, bytes.count, &written)
    if result == 1 { return true }
    if unsafe SSL_get_error(raw, result) == SSL_ERROR_WANT_READ { return false }
    throw fail(.record(name: name, OpenSSLError(draining: "SSL_write_ex")))
  }

  private func writeDelayed() throws(TLSError) {
    guard !delayed.isEmpty else { return }
    let bytes = delayed
    delayed = []
    let isWritten = try unsafe bytes.span.withUnsafeBytes { (bytes) throws(TLSError) -> Bool in try unsafe encrypt(bytes) }
    if !isWritten { delayed = bytes } else if isClosed { sayClose() }
  }

  private func sayClose() {
    ERR_clear_error()
    // 0 means that the peer's close_notify has not come yet, which is no failure; nothing else can go wrong in memory.
    _ = unsafe SSL_shutdown(raw)
    ERR_clear_error()
  }

  private func fail(_ error: TLSError) -> TLSError {
    failure = error
    return error
  }

  private func expect(_ serverName: String) throws(TLSError) {
    var host = serverName[...]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    // A C string would end at the NUL, and the rest of the name would go unchecked.
    guard !host.isEmpty, host.utf8.count <= 255, !host.utf8.contains(0) else {
      throw .unusableName("server name of \(host.utf8.count) bytes: 1 to 255 bytes without NUL are needed")
    }
    let parameters = unsafe SSL_get0_param(raw)
    ERR_clear_error()
    if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, String(host)) == 1 { return }
    // RFC 6066 section 3: the name goes without its trailing dot.
    if host.hasSuffix(".") { host = host.dropLast() }
    do {
      // RFC 9525: only subjectAltName counts, and a wildcard stands for a whole label.
      unsafe SSL_set_hostflags(raw, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS) | UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
      try OpenSSLError.check("SSL_set1_host") { unsafe SSL_set1_host(raw, String(host)) }
      try OpenSSLError.check("SSL_set_tlsext_host_name") { unsafe openssl_set_server_name(raw, String(host)) }
    } catch { throw .unusableName("server name \(host): \(error)") }
  }

  /// OpenSSL's sentence about a refused certificate, and what to do.
  private static func problem(_ verdict: Int) -> String {
    let text = unsafe String(cString: X509_verify_cert_error_string(verdict))
    let advice =
      switch Int32(verdict) {
      case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
        "it does not list this name in subjectAltName; use a name it lists, or have it reissued"
      case X509_V_ERR_CERT_HAS_EXPIRED: "renew it, or check the clock here"
      case X509_V_ERR_CERT_NOT_YET_VALID: "check the clock here"
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
        X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
        X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        "its issuer is not trusted here; add the certificate of the CA to the trusted ones"
      default: "have it reissued"
      }
    return "\(text); \(advice)"
  }
}
