/// The code that reads what strangers, files and the disk may hold, each with what must be true of it whatever the bytes are.
///
/// Public, unlike everything else here: `Fuzz/` is a package of its own.
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// `Base64URL`.
  case base64url
  /// `HTTP1RequestDecoder`, behind a head that says `chunked`.
  case chunks
  /// `PushEnvelope`, `RegistryNotification` and `Event` from the body of a push.
  case envelope
  /// `Event` from the payload of a record.
  case event
  /// `HTTP2ClientSession`.
  case http2Client = "http2-client"
  /// `HTTP2ServerSession`.
  case http2Server = "http2-server"
  /// `ImageReference`.
  case imageReference = "image-reference"
  /// `JSONValue` and `JSONReader`.
  case json
  /// `JSONPath` and `JSONDestination`: a path, a line feed, and the JSON to follow it in.
  case jsonPath = "json-path"
  /// `JWKSet`.
  case jwks
  /// `JWS`, `JWTClaims` and `TokenPolicy`.
  case jwt
  /// `DurableLog` opened over a damaged directory.
  case log
  /// `HTTP1RequestDecoder`.
  case request
  /// `HTTP1ResponseDecoder`.
  case response
  /// `YAMLStream`.
  case yaml

  /// Feeds `input` to the code and throws if something is not true that must be. Same input, same result.
  public func check(_ input: [UInt8]) throws(BrokenClaim) {
    switch self {
    case .base64url: try Self.checkBase64URL(input)
    case .chunks: try Self.checkChunks(input)
    case .envelope: try Self.checkEnvelope(input)
    case .event: try Self.checkEvent(input)
    case .http2Client: try Self.checkHTTP2Client(input)
    case .http2Server: try Self.checkHTTP2Server(input)
    case .imageReference: try Self.checkImageReference(input)
    case .json: try Self.checkJSON(input)
    case .jsonPath: try Self.checkJSONPath(input)
    case .jwks: try Self.checkJWKS(input)
    case .jwt: try Self.checkJWT(input)
    case .log: try Self.checkLog(input)
    case .request: try Self.checkRequest(input)
    case .response: try Self.checkResponse(input)
    case .yaml: try Self.checkYAML(input)
    }
  }
}
