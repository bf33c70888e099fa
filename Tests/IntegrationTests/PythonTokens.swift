import Foundation
import HTTP
import HTTPClient
import Testing

/// Tokens, and the key set to check them with, made by Python's libraries and by nothing of ours.
struct PythonTokens: Sendable {
  let directory: TemporaryDirectory

  private static let python = PythonEnvironment(
    "tokens", modules: "cryptography, jwt, google.auth.jwt", packages: ["pyjwt", "cryptography", "google-auth"])

  static var isPresent: Bool {
    get async { await python.path != nil }
  }

  /// Makes a key and tokens: DIR/keys.json and DIR/NAME.jwt.
  static func mint() async throws -> PythonTokens {
    guard let python = await python.path else { throw Unmet("no Python with PyJWT and google-auth") }
    let directory = try TemporaryDirectory()
    try directory.write(script, to: "mint.py")
    let result = try await ChildProcess.run(
      "/usr/bin/env", [python, "\(directory.path)/mint.py", directory.path])
    guard result.status == 0 else { throw Unmet("the script of the tokens ends with \(result.status): \(result.errors)") }
    return PythonTokens(directory: directory)
  }

  subscript(name: String) -> String {
    get throws { String(decoding: try Data(contentsOf: URL(filePath: "\(directory.path)/\(name)")), as: UTF8.self) }
  }

  private static let script = """
    import base64, hashlib, hmac, json, sys, time
    import google.auth.crypt, google.auth.jwt, jwt
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    directory, now = sys.argv[1], int(time.time())

    def key():
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def pem(key):
        return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    def write(name, text):
        with open(directory + "/" + name, "w") as file:
            file.write(text)

    ours, strange = key(), key()
    public = ours.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(ours.public_key()))
    jwk.update(kid="python", alg="RS256", use="sig")
    write("keys.json", json.dumps({"keys": [jwk]}))

    claims = {"aud": "https://hooks.example.com/push/gar", "azp": "1", "sub": "1", "iss": "https://accounts.google.com",
              "email": "push@acme.iam.gserviceaccount.com", "email_verified": True, "iat": now, "exp": now + 3600}

    def pyjwt(name, key=ours, algorithm="RS256", kid="python", **changes):
        write(name, jwt.encode({**claims, **changes}, key, algorithm=algorithm, headers={"kid": kid}))

    def segment(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    pyjwt("pyjwt")
    signer = google.auth.crypt.RSASigner.from_string(pem(ours), key_id="python")
    write("google-auth", google.auth.jwt.encode(signer, claims).decode())
    pyjwt("other-key", key=strange)
    pyjwt("other-kid", kid="unknown")
    pyjwt("expired", iat=now - 7200, exp=now - 3600)
    pyjwt("not-yet", iat=now + 3600, exp=now + 7200)
    pyjwt("audience", aud="https://hooks.example.com/push/gar2")
    pyjwt("audience-list", aud=["https://hooks.example.com/push/gar", "x"])
    pyjwt("issuer", iss="https://evil.example.com")
    pyjwt("unsigned", key=None, algorithm="none")
    pyjwt("rs512", algorithm="RS512")
    pyjwt("pss", algorithm="PS256")
    # The public key as the secret of a symmetric signature; PyJWT itself refuses to make one.
    head = segment(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "python"}).encode()) + b"." + segment(json.dumps(claims).encode())
    write("confused", (head + b"." + segment(hmac.new(public, head, hashlib.sha256).digest())).decode())
    pyjwt("email", email="push@evil.iam.gserviceaccount.com")
    pyjwt("unverified", email_verified=False)
    pyjwt("unverified-text", email_verified="true")
    """
}

extension BuiltServer {
  /// Tokens that another implementation made: what both sides of ours have wrong in the same way would be seen here.
  @Suite(
    .enabled("Python with PyJWT, cryptography and google-auth is not to be had: neither installed nor from the package index") {
      await PythonTokens.isPresent
    })
  struct PythonTokenTests {
    @Test func areJudgedAsTheirClaimsSay() async throws {
      let tokens = try await PythonTokens.mint()
      let site = try Site()
      try site.directory.write(try tokens["keys.json"], to: "keys.json")
      let server = try await RunningServer.start(site)
      let expected: [(HTTPStatus, [String])] = [
        (.noContent, ["pyjwt", "google-auth"]),
        (
          .unauthorized,
          [
            "other-key", "other-kid", "expired", "not-yet", "audience", "audience-list", "issuer", "unsigned", "rs512", "pss",
            "confused",
          ]
        ),
        (.forbidden, ["email", "unverified"]),
      ]
      for (status, names) in expected {
        for name in names {
          let response = try await server.push(content: PushMessage().body, token: try tokens[name])
          #expect(response.status == status, "\(name)")
        }
      }
      #expect(try await server.push(content: PushMessage().body, token: try tokens["unverified-text"]).status != .noContent)
      #expect(try await server.events().count == 2)
    }
  }
}
