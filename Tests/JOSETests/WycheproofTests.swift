import JOSE
import JSON
import OpenSSL
import TestSupport
import Testing

/// The vectors of Project Wycheproof. "Acceptable" ones are refused: they are signatures of another text than the standard's.
@Suite(.enabled(if: SharedData.isPresent, "the shared vectors are not here; set RELAUNCH_SHARED to their directory"))
struct WycheproofTests {
  enum Form { case rsa, raw, der }

  @Test(arguments: [
    ("rsa_signature_2048_sha256_test.json", Form.rsa, 259), ("rsa_signature_3072_sha256_test.json", .rsa, 259),
    ("rsa_signature_4096_sha256_test.json", .rsa, 258), ("rsa_signature_8192_sha256_test.json", .rsa, 258),
    ("ecdsa_secp256r1_sha256_p1363_test.json", .raw, 262), ("ecdsa_secp256r1_sha256_test.json", .der, 484),
  ]) func signaturesAreJudgedAsStated(file: String, form: Form, total: Int) throws {
    var vectors = try VectorFile(wycheproof: file)
    for (group, test) in vectors.tests {
      let key = try VerificationKey(subjectPublicKeyInfoDER: #require(group["publicKeyDer"]?.hexBytes))
      let (signature, message) = (try #require(test["sig"]?.hexBytes), try #require(test["msg"]?.hexBytes))
      let verdict =
        form == .der
        ? key.verifies(der: signature.span, of: message.span) : key.verifies(signature.span, of: message.span)
      vectors.count("tcId \(test["tcId"] ?? nil)", verdict == (test["result"] == "valid"))
    }
    print(vectors.summary)
    #expect(vectors.total == total)
    #expect(vectors.failures == [])
  }

  @Test(arguments: ["rsa_signature_2048_sha256_test.json", "ecdsa_secp256r1_sha256_p1363_test.json"])
  func keysInPEMVerifyAsThoseInDERDo(file: String) throws {
    for (group, test) in try VectorFile(wycheproof: file).tests where test["result"] == "valid" {
      let key = try VerificationKey(subjectPublicKeyInfoPEM: Array(#require(group["publicKeyPem"]?.string).utf8))
      let (signature, message) = (try #require(test["sig"]?.hexBytes), try #require(test["msg"]?.hexBytes))
      #expect(key.accepts(signature, of: message))
    }
  }

  @Test func tokensAreJudgedByOurPolicy() throws {
    var vectors = try VectorFile(wycheproof: "json_web_signature_test.json")
    let verdicts = try VectorFile(wycheproof: "policy_verdicts.json").content["verdicts"]?.array ?? []
    var stated: [Int: JSONValue] = [:]
    for verdict in verdicts { stated[try #require(verdict["tcId"]?.int)] = verdict }
    for (group, test) in vectors.tests {
      let id = try #require(test["tcId"]?.int)
      let verdict = judge(try #require(test["jws"]?.string), keys: .array([group["public"] ?? group["private"] ?? nil]))
      vectors.count("tcId \(id): \(verdict)", (verdict == "accept") == (stated[id]?["policy"] == "accept"))
    }
    print(vectors.summary)
    #expect(vectors.total == 401)
    #expect(vectors.failures == [])
  }

  /// The four valid vectors that we refuse are signed with HMAC, which is not on our list.
  @Test func keySetsAreJudgedAsStated() throws {
    var vectors = try VectorFile(wycheproof: "json_web_key_test.json")
    for (group, test) in vectors.tests {
      let id = try #require(test["tcId"]?.int)
      let verdict = judge(try #require(test["jws"]?.string), keys: (group["public"] ?? group["private"])?["keys"] ?? nil)
      let isAcceptedByPolicy = test["result"] == "valid" && ![2, 13, 14, 15].contains(id)
      vectors.count("tcId \(id): \(verdict)", (verdict == "accept") == isAcceptedByPolicy)
    }
    print(vectors.summary)
    #expect(vectors.total == 26)
    #expect(vectors.failures == [])
  }

  /// Encrypted tokens and mixed-up keys: none is a signed token that we accept, unless it is plainly one.
  @Test func encryptedTokensAreRefused() throws {
    var vectors = try VectorFile(wycheproof: "json_web_crypto_test.json")
    for (group, test) in vectors.tests {
      let token = test["jws"]?.string ?? test["jwe"]?.string ?? ""
      let verdict = judge(token, keys: .array([group["public"] ?? group["private"] ?? nil]))
      vectors.count("tcId \(test["tcId"] ?? nil)", verdict != "accept" || test["result"] == "valid" && test["jwe"] == nil)
    }
    print(vectors.summary)
    #expect(vectors.total == 83)
    #expect(vectors.failures == [])
  }

  /// "accept", or the reason why not.
  private func judge(_ token: String, keys: JSONValue) -> String {
    do {
      let keys = try JWKSet(parsing: (["keys": keys] as JSONValue).serialized())
      let token = try JWS(compact: Array(token.utf8)[...], algorithms: [.rs256, .es256])
      _ = try token.payload(verifiedBy: keys)
      return "accept"
    } catch { return "\(error)" }
  }
}
