import OpenSSL
import Testing

@Suite struct TLSContextTests {
  @Test func refusesTextWithoutCertificates() {
    #expect {
      _ = try TLSContext.client(trust: .authorities(pem: Array("not PEM".utf8)))
    } throws: { error in
      "\(error)" == "trusted certificates: PEM_read_bio_X509: no certificate found; give PEM blocks of CERTIFICATE"
    }
  }

  @Test func refusesADamagedCertificate() throws {
    var pem = try SelfSignedAuthority().certificatePEM
    pem[pem.count / 2] = UInt8(ascii: "*")
    #expect(throws: TLSError.self) { _ = try TLSContext.client(trust: .authorities(pem: pem)) }
  }

  @Test func refusesAKeyOfAnotherCertificate() throws {
    let authority = try SelfSignedAuthority()
    let (one, other) = (try authority.issue(commonName: "a", names: []), try authority.issue(commonName: "b", names: []))
    let mixed = TLSIdentity(certificateChainPEM: one.certificateChainPEM, privateKeyPEM: other.privateKeyPEM)
    #expect {
      _ = try TLSContext.server(identity: mixed)
    } throws: { error in
      "\(error)" == "own certificate and key: SSL_CTX_use_PrivateKey: key values mismatch"
    }
  }

  @Test func refusesAnEncryptedKeyWithoutAsking() throws {
    let identity = try SelfSignedAuthority().issue(commonName: "a", names: [])
    let encrypted = """
      -----BEGIN ENCRYPTED PRIVATE KEY-----
      MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjFexampleAgIIADAM
      -----END ENCRYPTED PRIVATE KEY-----
      """
    let locked = TLSIdentity(certificateChainPEM: identity.certificateChainPEM, privateKeyPEM: Array(encrypted.utf8))
    #expect(throws: TLSError.self) { _ = try TLSContext.server(identity: locked) }
  }

  @Test func aFailedCallLeavesNothingForTheNextOne() throws {
    #expect(throws: TLSError.self) { _ = try TLSContext.client(trust: .authorities(pem: [])) }
    _ = try TLSContext.client(trust: .authorities(pem: try SelfSignedAuthority().certificatePEM))
  }
}
