import OpenSSL
import TestSupport
import Testing

@Suite struct KeyTests {
  private static let message: [UInt8] = Array("a message".utf8)
  private let rsa: SigningKey
  private let p256: SigningKey

  init() throws {
    rsa = try SigningKey.generateRSA()
    p256 = try SigningKey.generateP256()
  }

  @Test func signaturesHoldForTheirMessageAndKeyOnly() throws {
    for key in [rsa, p256] {
      let signature = try key.sign(Self.message.span)
      #expect(signature.count == (key.kind == .rsa ? 256 : 64))
      let verification = key.verificationKey
      #expect(verification.kind == key.kind)
      #expect(verification.bits == (key.kind == .rsa ? 2048 : 256))
      #expect(verification.accepts(signature, of: Self.message))
      #expect(!verification.accepts(signature, of: []))
      #expect(!verification.accepts([], of: Self.message))
      #expect(!verification.accepts((signature + [0]), of: Self.message))
      let stranger = key.kind == .rsa ? try SigningKey.generateRSA() : try .generateP256()
      #expect(!stranger.verificationKey.accepts(signature, of: Self.message))
    }
  }

  @Test func manyTasksMayUseOneKey() async throws {
    for key in [rsa, p256] {
      let signature = try key.sign(Self.message.span)
      let verdicts = try await withThrowingTaskGroup(of: Bool.self) { group in
        for index in 0..<8 {
          group.addTask {
            try (0..<20).allSatisfy { _ in
              let fresh = try key.sign([UInt8(index)].span)
              return key.verificationKey.accepts(fresh, of: [UInt8(index)])
                && key.verificationKey.accepts(signature, of: Self.message)
                && !key.verificationKey.accepts(fresh, of: Self.message)
            }
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(verdicts == Array(repeating: true, count: 8))
    }
  }

  @Test func keysComeBackFromPEMAndFromTheirNumbers() throws {
    for key in [rsa, p256] {
      let signature = try key.sign(Self.message.span)
      let pem = try key.pem()
      #expect(String(decoding: pem, as: UTF8.self).hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
      let copy = try SigningKey(pem: pem)
      #expect(try copy.verificationKey.numbers() == key.verificationKey.numbers())
      let rebuilt =
        switch try copy.verificationKey.numbers() {
        case .rsa(let modulus, let exponent): try VerificationKey(rsaModulus: modulus, exponent: exponent)
        case .p256(let x, let y): try VerificationKey(p256X: x, y: y)
        }
      #expect(rebuilt.accepts(signature, of: Self.message))
    }
  }

  @Test func takesTheKeyOfACertificate() throws {
    let identity = try SelfSignedAuthority().issue(commonName: "a", names: [])
    let signature = try SigningKey(pem: identity.privateKeyPEM).sign(Self.message.span)
    #expect(try VerificationKey(certificatePEM: identity.certificateChainPEM).accepts(signature, of: Self.message))
  }

  @Test(
    arguments: [
      ([], .rsaExponent), ([1], .rsaExponent), ([2], .rsaExponent), ([1, 0, 0], .rsaExponent), ([2, 0, 0, 0, 1], .rsaExponent),
      ([0, 0, 0, 0, 0, 0, 3], nil), ([3], nil), ([1, 0, 1], nil), ([1, 0, 0, 0, 0, 1], .rsaExponent),
    ] as [([UInt8], KeyError?)]) func boundsTheExponent(exponent: [UInt8], error: KeyError?) throws
  {
    guard case .rsa(let modulus, _) = try rsa.verificationKey.numbers() else { return }
    if let error {
      #expect(throws: error) { try VerificationKey(rsaModulus: modulus, exponent: exponent) }
    } else {
      #expect(try VerificationKey(rsaModulus: modulus, exponent: exponent).bits == 2048)
    }
  }

  @Test(arguments: [(0, 0), (128, 1024), (255, 2040), (1025, 8200), (4096, 32_768)])
  func boundsTheModulus(bytes: Int, bits: Int) {
    let modulus = [UInt8](repeating: 0xff, count: bytes)
    #expect(throws: KeyError.rsaModulusSize(bits: bits)) { try VerificationKey(rsaModulus: modulus, exponent: [3]) }
  }

  @Test func refusesAnEvenModulus() {
    let modulus = [UInt8](repeating: 0xfe, count: 256)
    #expect(throws: KeyError.rsaModulusEven) { try VerificationKey(rsaModulus: modulus, exponent: [3]) }
  }

  @Test func refusesPointsOffTheCurve() throws {
    guard case .p256(let x, let y) = try p256.verificationKey.numbers() else { return }
    let zero = [UInt8](repeating: 0, count: 32)
    #expect(throws: KeyError.pointNotOnCurve) { try VerificationKey(p256X: y, y: x) }
    #expect(throws: KeyError.pointNotOnCurve) { try VerificationKey(p256X: zero, y: zero) }
    #expect(throws: KeyError.pointNotOnCurve) { try VerificationKey(p256X: [UInt8](repeating: 0xff, count: 32), y: y) }
    #expect(throws: KeyError.coordinateSize) { try VerificationKey(p256X: x + [0], y: y) }
    #expect(throws: KeyError.coordinateSize) { try VerificationKey(p256X: [], y: y) }
  }

  @Test func refusesBytesThatAreNoKey() {
    #expect(throws: KeyError.self) { try VerificationKey(subjectPublicKeyInfoDER: []) }
    #expect(throws: KeyError.self) { try VerificationKey(subjectPublicKeyInfoDER: [0x30, 0]) }
    #expect(throws: KeyError.self) { try VerificationKey(subjectPublicKeyInfoPEM: Array("x".utf8)) }
    #expect(throws: KeyError.self) { try VerificationKey(certificatePEM: []) }
    #expect(throws: KeyError.self) { try SigningKey(pem: Array("x".utf8)) }
  }

  @Test func randomBytesDiffer() {
    #expect(SecureRandom.bytes(0) == [])
    #expect(SecureRandom.bytes(16).count == 16)
    #expect(SecureRandom.bytes(16) != SecureRandom.bytes(16))
  }
}
