import COpenSSL

/// A certificate authority that exists in memory only: it lets two ends talk TLS in tests and on a laptop.
///
/// Not for production: certificates have no revocation, and the authority's key cannot be kept.
@safe package final class SelfSignedAuthority {
  /// The authority's own certificate, to be trusted by the other end.
  package let certificatePEM: [UInt8]
  private let certificate: Certificate
  private let key: PrivateKey

  /// Makes an authority with a fresh P-256 key, valid for ten years.
  package init(name: String = "Test Authority") throws(OpenSSLError) {
    key = try PrivateKey.generateP256()
    certificate = try Self.certify(
      key, name: name, validFrom: .seconds(-86_400), validUntil: .seconds(3650 * 86_400),
      extensions: [(NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign,cRLSign")], issuer: nil)
    certificatePEM = try certificate.pem()
  }

  /// Issues a certificate with a fresh P-256 key, good for servers and clients.
  /// - Parameters:
  ///   - commonName: the subject; verification of names does not look at it.
  ///   - names: subjectAltName in OpenSSL's words, such as `DNS:push.example.com` and `IP:127.0.0.1`.
  ///   - validFrom: the start of validity, from now. Whole seconds.
  ///   - validUntil: its end, from now; negative for a certificate that has expired.
  package func issue(
    commonName: String, names: [String], validFrom: Duration = .seconds(-86_400), validUntil: Duration = .seconds(86_400)
  ) throws(OpenSSLError) -> TLSIdentity {
    let leafKey = try PrivateKey.generateP256()
    var extensions = [
      (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
      (NID_ext_key_usage, "serverAuth,clientAuth"),
    ]
    if !names.isEmpty { extensions.append((NID_subject_alt_name, names.joined(separator: ","))) }
    let leaf = try Self.certify(
      leafKey, name: commonName, validFrom: validFrom, validUntil: validUntil, extensions: extensions, issuer: self)
    return TLSIdentity(certificateChainPEM: try leaf.pem(), privateKeyPEM: try leafKey.pem())
  }

  private static func certify(
    _ key: borrowing PrivateKey, name: String, validFrom: Duration, validUntil: Duration, extensions: [(Int32, String)],
    issuer: SelfSignedAuthority?
  ) throws(OpenSSLError) -> Certificate {
    let raw = unsafe try OpenSSLError.make("X509_new") { unsafe X509_new() }
    // From here on the handle is freed however this ends.
    let certificate = unsafe Certificate(takingOwnershipOf: raw)
    let serial = SecureRandom.bytes(8).reduce(Int64(0)) { ($0 << 8 | Int64($1)) & 0x7fff_ffff_ffff_ffff }
    try OpenSSLError.check("X509_set_version") { unsafe X509_set_version(raw, 2) }
    try OpenSSLError.check("ASN1_INTEGER_set_int64") { unsafe ASN1_INTEGER_set_int64(X509_get_serialNumber(raw), serial | 1) }
    _ = unsafe try OpenSSLError.make("X509_gmtime_adj") {
      unsafe OpaquePointer(X509_gmtime_adj(X509_getm_notBefore(raw), Int(validFrom.components.seconds)))
    }
    _ = unsafe try OpenSSLError.make("X509_gmtime_adj") {
      unsafe OpaquePointer(X509_gmtime_adj(X509_getm_notAfter(raw), Int(validUntil.components.seconds)))
    }
    try OpenSSLError.check("X509_NAME_add_entry_by_txt") {
      unsafe X509_NAME_add_entry_by_txt(
        X509_get_subject_name(raw), "CN", MBSTRING_UTF8, Array(name.utf8), Int32(clamping: name.utf8.count), -1, 0)
    }
    try OpenSSLError.check("X509_set_pubkey") { unsafe key.withHandle { unsafe X509_set_pubkey(raw, $0) } }
    let issuerRaw = unsafe issuer?.certificate.withHandle { unsafe $0 } ?? raw
    try OpenSSLError.check("X509_set_issuer_name") { unsafe X509_set_issuer_name(raw, X509_get_subject_name(issuerRaw)) }
    for (nid, value) in extensions {
      var context = unsafe X509V3_CTX()
      unsafe openssl_set_extension_context(&context, issuerRaw, raw)
      let made = unsafe try OpenSSLError.make("X509V3_EXT_conf_nid") { unsafe X509V3_EXT_conf_nid(nil, &context, nid, value) }
      defer { unsafe X509_EXTENSION_free(made) }
      try OpenSSLError.check("X509_add_ext") { unsafe X509_add_ext(raw, made, -1) }
    }
    ERR_clear_error()
    let signatureBytes =
      if let issuer {
        unsafe issuer.key.withHandle { unsafe X509_sign(raw, $0, EVP_sha256()) }
      } else {
        unsafe key.withHandle { unsafe X509_sign(raw, $0, EVP_sha256()) }
      }
    guard signatureBytes > 0 else { throw OpenSSLError(draining: "X509_sign") }
    return certificate
  }
}
