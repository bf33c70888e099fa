import ArgumentParser
import Clocks
import Events
import FoundationEssentials
import HTTP
import HTTPClient
import JOSE
import JSON
import OpenSSL

struct Push: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Send one Artifact Registry notification, as Pub/Sub would push it.",
    discussion: """
      The token is minted with --key, made by `relaunch keys generate`; without that file none is sent, which only a source with \
      `authentication: none` accepts. Exit 0 when the push was answered 2xx, 1 otherwise.

      The registry tells of each tag that is pushed, and of manifests without a tag, such as the parts of an image for several \
      architectures. For one of those give an image with a digest and no tag, HOST/PATH@sha256:…; it restarts nothing.
      """)

  @Option(help: "The image that was pushed, with its tag: us-docker.pkg.dev/acme/apps/web:prod")
  var image: String

  @Option(help: "The push URL: http://127.0.0.1:8080/push/gar")
  var to: String

  @Option(help: "The digest of an image with a tag; a random one by default.")
  var digest: String?

  @Option(help: "INSERT or DELETE.")
  var action = "INSERT"

  @Option(help: "The message id; a random one by default.")
  var messageID: String?

  @Option(help: "The subscription's full name.")
  var subscription = "projects/relaunch-dev/subscriptions/relaunch"

  @Option(help: "The private key to mint the token with.")
  var key = "relaunch-dev.key.pem"

  @Option(help: "The id of that key.")
  var keyID = "relaunch-dev"

  @Option(help: "The token's issuer.")
  var issuer = "https://accounts.google.com"

  @Option(help: "The token's audience; the push URL by default.")
  var audience: String?

  @Option(help: "The token's email.")
  var email = "relaunch-push@relaunch-dev.iam.gserviceaccount.com"

  func validate() throws {
    guard let reference = ImageReference(image) else {
      throw ValidationError("--image \(image): this names no image; write HOST/PATH:TAG")
    }
    guard reference.tag != nil || reference.digest != nil else {
      throw ValidationError(
        "--image \(image): without a tag no workload is meant; write \(image):TAG, as the registry does for every tag that is pushed"
      )
    }
    if digest != nil, reference.digest != nil {
      throw ValidationError("--digest: --image names a digest already; leave one of them out")
    }
  }

  func run() async throws {
    guard let (origin, target) = Origin.parse(url: to) else {
      throw Terminal.failure("--to \(to): not an http or https URL", .unusableConfiguration)
    }
    let now = SystemWallClock().now()
    let id = messageID ?? String(UInt64.random(in: 1_000_000_000_000_000...9_999_999_999_999_999))
    do {
      var fields = HTTPFields([(.contentType, "application/json"), (.userAgent, "relaunch-push/0.1")])
      let token = try token(now)
      if let token { fields.append(.authorization, "Bearer \(token)") }
      let client = try CommandClient.make(for: origin)
      let response = try await client.send(
        ClientRequest(.post, origin, target, fields: fields, content: envelope(id, now).serialized()), deadline: .seconds(60))
      print("\(response.status)  message \(id)")
      guard response.status.isSuccess else {
        throw Terminal.failure("\(to): \(refusal(response, hadToken: token != nil))", .problemsFound)
      }
    } catch let code as ExitCode {
      throw code
    } catch {
      throw Terminal.failure("\(error)", .problemsFound)
    }
  }

  /// What the server said, and where to read on: it tells a sender no reason for a 401 or 403.
  private func refusal(_ response: ClientResponse, hadToken: Bool) -> String {
    let said = String(decoding: response.content, as: UTF8.self).trimming { $0.isWhitespace }
    let answer = said.isEmpty ? "answered \(response.status)" : "answered: \(said)"
    guard response.status == .unauthorized || response.status == .forbidden else { return answer }
    return hadToken
      ? "\(answer); the reason is in the server's log line `push refused`"
      : "\(answer); no token was sent, because there is no file \(key): name one with --key"
  }

  /// What the registry publishes. A deletion of a tag names no digest.
  private var notification: JSONValue {
    guard let reference = ImageReference(image) else { preconditionFailure("`validate` has seen the image") }
    var notification: JSONObject = ["action": .string(action)]
    let isDeletion = action == "DELETE" && reference.tag != nil
    if let digest = digest ?? reference.digest ?? (isDeletion ? nil : Self.randomDigest()) {
      notification["digest"] = .string("\(reference.image)@\(digest)")
    }
    if let tag = reference.tag { notification["tag"] = .string("\(reference.image):\(tag)") }
    return .object(notification)
  }

  private static func randomDigest() -> String {
    "sha256:" + (0..<64).map { _ in String(UInt8.random(in: 0...15), radix: 16) }.joined()
  }

  private func envelope(_ id: String, _ now: Timestamp) -> JSONValue {
    let data = Data(notification.serialized()).base64EncodedString()
    return [
      "message": [
        "data": .string(data), "messageId": .string(id), "message_id": .string(id), "publishTime": .string(now.rfc3339),
        "publish_time": .string(now.rfc3339),
      ],
      "subscription": .string(subscription),
    ]
  }

  private func token(_ now: Timestamp) throws -> String? {
    guard let pem = FileManager.default.contents(atPath: key) else { return nil }
    let claims: JSONValue = [
      "aud": .string(audience ?? to), "azp": "113774264463038321964", "email": .string(email), "email_verified": true,
      "exp": .number(JSONNumber(now.seconds + 3600)), "iat": .number(JSONNumber(now.seconds)), "iss": .string(issuer),
      "sub": "113774264463038321964",
    ]
    let signingKey: SigningKey
    do {
      signingKey = try SigningKey(pem: Array(pem))
    } catch {
      throw Terminal.failure("--key \(key): \(error); `relaunch keys generate` makes one", .problemsFound)
    }
    let signed = try JWS.signed(claims.serialized(), by: signingKey, keyID: keyID)
    return String(decoding: signed, as: UTF8.self)
  }
}
