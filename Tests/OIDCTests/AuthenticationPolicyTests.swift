import JOSE
import Logging
import OIDC
import Telemetry
import TestSupport
import Testing

/// Configurations that would let in more than was meant (J20).
struct AuthenticationPolicyTests {
  @Test(
    arguments: [
      ([], ["a"], ["e"], 60, "authentication: token policy: issuers is empty or has an empty entry; name those that are let in"),
      (
        ["i"], [], ["e"], 60, "authentication: token policy: audiences is empty or has an empty entry; name those that are let in"
      ),
      (
        ["i"], ["a", ""], ["e"], 60,
        "authentication: token policy: audiences is empty or has an empty entry; name those that are let in"
      ),
      (["i"], ["a"], [], 60, "authentication: token policy: emails is empty or has an empty entry; name those that are let in"),
      (["i"], ["a"], ["e"], 301, "authentication: token policy: leeway is not between 0 s and 300 s"),
      (["i"], ["a"], ["e"], -1, "authentication: token policy: leeway is not between 0 s and 300 s"),
    ] as [([String], [String], [String], Int, String)])
  func isRefusedWithASentence(issuers: [String], audiences: [String], emails: [String], leeway: Int, sentence: String) {
    #expect {
      try AuthenticationPolicy(issuers: issuers, audiences: audiences, emails: emails, leeway: .seconds(leeway))
    } throws: { "\($0)" == sentence }
  }

  @Test func googlesIssuerStandsForBothOfItsForms() throws {
    let policy = try AuthenticationPolicy(audiences: ["a"], emails: ["e"])
    #expect(policy.tokens.issuers == ["https://accounts.google.com", "accounts.google.com"])
    #expect(policy.tokens.algorithms == [.rs256])
    #expect(policy.tokens.leeway == .seconds(60))
    #expect(policy.tokens.requiresVerifiedEmail)
    let other = try AuthenticationPolicy(issuers: ["https://cloud.google.com/iap"], audiences: ["a"], emails: ["e"])
    #expect(other.tokens.issuers == ["https://cloud.google.com/iap"])
  }

  @Test(arguments: [
    (KeySource.url("certs"), OIDCError.keyURL("certs")),
    (.url(""), .keyURL("")),
    (.url("ftp://issuer.example.com/certs"), .keyURL("ftp://issuer.example.com/certs")),
    (.url("https://user:secret@issuer.example.com/certs"), .keyURL("https://user:secret@issuer.example.com/certs")),
    (.url("http://issuer.example.com/certs"), .plainKeyURL("http://issuer.example.com/certs")),
    (.url("http://127.0.0.1.example.com/certs"), .plainKeyURL("http://127.0.0.1.example.com/certs")),
    (.file(""), .keyPath),
    (.inline(Array(#"{"keys":[]}"#.utf8)), .inlineKeys(.noUsableKey([]))),
  ])
  func aSourceThatCannotBeTrustedIsRefused(source: KeySource, error: OIDCError) {
    #expect(throws: error) {
      try KeyStore(
        source, name: "gar", sender: FakeKeyServer(document: []), metrics: MetricsRegistry(), log: Logger(label: "test"))
    }
  }

  @Test func aPasswordInAnAddressIsNotRepeated() {
    #expect(
      "\(OIDCError.keyURL("https://user:secret@issuer.example.com/certs"))"
        == "authentication: keys: \"issuer.example.com/certs\" is not an absolute https URL without a password; "
        + "give the one of the issuer's jwks_uri")
  }

  @Test(arguments: ["http://127.0.0.1:8000/certs", "http://localhost/certs", "http://[::1]:80/certs"])
  func plainHTTPIsForThisMachine(url: String) throws {
    _ = try KeyStore(
      .url(url), name: "gar", sender: FakeKeyServer(document: []), metrics: MetricsRegistry(), log: Logger(label: "test"))
  }
}
