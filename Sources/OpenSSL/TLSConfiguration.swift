/// Whom a TLS client trusts.
package enum TLSTrust: Hashable, Sendable {
  /// The certificates of the operating system.
  case systemRoots
  /// Only these certificates, in PEM. As in Go (and so in kubectl), an intermediate or a server's own certificate may stand here.
  case authorities(pem: [UInt8])
}

/// A certificate and its private key, in PEM.
package struct TLSIdentity: Hashable, Sendable {
  /// The certificate, then its intermediates in order.
  package let certificateChainPEM: [UInt8]
  /// The unencrypted key of the first certificate: PKCS#8, PKCS#1 or SEC 1.
  package let privateKeyPEM: [UInt8]

  package init(certificateChainPEM: [UInt8], privateKeyPEM: [UInt8]) {
    self.certificateChainPEM = certificateChainPEM
    self.privateKeyPEM = privateKeyPEM
  }
}
