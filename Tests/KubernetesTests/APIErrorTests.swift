import HTTP
import HTTPClient
import Kubernetes
import TestSupport
import Testing

@Suite struct APIErrorTests {
  private static let call = APICall(.patch, .deployments, namespace: "default", name: "web")

  @Test(
    arguments: [
      (400, "BadRequest", .permanent(.invalid)), (401, "Unauthorized", .retry(.unauthorized, after: nil)),
      (403, "Forbidden", .doubtful(.forbidden, after: nil)), (404, "NotFound", .doubtful(.notFound, after: nil)),
      (405, "MethodNotAllowed", .permanent(.rejected)), (408, "", .retry(.timeout, after: nil)),
      (409, "Conflict", .retry(.conflict, after: nil)), (409, "AlreadyExists", .permanent(.rejected)),
      (410, "Expired", .retry(.server, after: nil)), (413, "RequestEntityTooLarge", .permanent(.rejected)),
      (415, "UnsupportedMediaType", .permanent(.rejected)), (422, "Invalid", .doubtful(.invalid, after: nil)),
      (429, "TooManyRequests", .retry(.throttled, after: nil)), (500, "InternalError", .retry(.server, after: nil)),
      (502, "", .retry(.server, after: nil)), (503, "ServiceUnavailable", .retry(.server, after: nil)),
      (504, "Timeout", .retry(.timeout, after: nil)), (302, "", .permanent(.rejected)),
    ] as [(Int, String, Disposition)])
  func everyStatusHasItsDisposition(_ status: Int, _ reason: String, _ expected: Disposition) {
    let failure = StatusFailure(status: HTTPStatus(rawValue: status), reason: reason)
    #expect(APIError.refused(Self.call, failure).disposition == expected)
  }

  @Test(
    arguments: [
      (.connect(origin: "o", reason: "refused"), .retry(.network, after: nil)),
      (.connectionLost(origin: "o", reason: "reset"), .retry(.network, after: nil)),
      (.malformedResponse(origin: "o", reason: "?"), .retry(.network, after: nil)),
      (.deadlineExceeded(origin: "o", after: .seconds(10)), .retry(.timeout, after: nil)),
      (.overloaded(origin: "o"), .retry(.throttled, after: nil)),
      (.refused(origin: "o", times: 4), .retry(.throttled, after: nil)), (.shutDown, .retry(.network, after: nil)),
      (.responseTooLarge(origin: "o", limit: 1), .permanent(.rejected)),
    ] as [(HTTPClientError, Disposition)])
  func everyMissingAnswerHasItsDisposition(_ error: HTTPClientError, _ expected: Disposition) {
    #expect(APIError.unanswered(Self.call, error).disposition == expected)
  }

  @Test(
    arguments: [
      (400, .working), (401, .working), (403, .working), (404, .working), (408, .failing), (409, .working), (422, .working),
      (429, .failing), (500, .failing), (502, .failing), (503, .failing), (504, .failing),
    ] as [(Int, ServerHealth)])
  func anAnswerTellsHowTheServerIs(_ status: Int, _ expected: ServerHealth) {
    let failure = StatusFailure(status: HTTPStatus(rawValue: status))
    #expect(APIError.refused(Self.call, failure).serverHealth == expected)
    #expect(RestartError.api(.refused(Self.call, failure)).serverHealth == expected)
  }

  @Test(
    arguments: [
      (.connect(origin: "o", reason: "refused"), .failing), (.connectionLost(origin: "o", reason: "reset"), .failing),
      (.malformedResponse(origin: "o", reason: "?"), .failing), (.deadlineExceeded(origin: "o", after: .seconds(10)), .failing),
      (.refused(origin: "o", times: 4), .failing), (.overloaded(origin: "o"), .unknown), (.shutDown, .unknown),
      (.responseTooLarge(origin: "o", limit: 1), .working),
    ] as [(HTTPClientError, ServerHealth)])
  func soDoesAMissingOne(_ error: HTTPClientError, _ expected: ServerHealth) {
    #expect(APIError.unanswered(Self.call, error).serverHealth == expected)
  }

  @Test func whatWasNotSentTellsNothing() {
    #expect(APIError.invalidName(Self.call).serverHealth == .unknown)
    #expect(APIError.unreadable(Self.call, reason: "HTML").serverHealth == .failing)
    #expect(RestartError.paused(Self.call).serverHealth == .working)
  }

  @Test(arguments: [403, 404, 422]) func aDoubtfulAnswersRetryAfterIsKept(_ status: Int) {
    let failure = StatusFailure(status: HTTPStatus(rawValue: status), retryAfter: .seconds(9))
    guard case .doubtful(_, .seconds(9)) = APIError.refused(Self.call, failure).disposition else {
      return #expect(Bool(false), "\(status)")
    }
  }

  @Test(arguments: [429, 503])
  func retryAfterIsHeeded(_ status: Int) async {
    let server = FakeAPIServer()
    server.script(.get, .refuse(status, retryAfter: 7))
    let reason: Disposition.RetryReason = status == 429 ? .throttled : .server
    await #expect { () async throws in _ = try await server.client().get(.deployments, namespace: "default", name: "web")
    } throws: {
      ($0 as? APIError)?.disposition == .retry(reason, after: .seconds(7))
    }
  }

  @Test(arguments: ["-1", "soon", "99999999999999999999", ""])
  func anUnusableRetryAfterIsIgnored(_ text: String) {
    let content = #"{"kind":"Status","reason":"TooManyRequests","details":{"retryAfterSeconds":3}}"#
    let failure = StatusFailure(status: .tooManyRequests, fields: HTTPFields([(.retryAfter, text)]), content: Array(content.utf8))
    #expect(failure == StatusFailure(status: .tooManyRequests, reason: "TooManyRequests", retryAfter: .seconds(3)))
  }

  @Test func aMissingRightIsNamedInKubectlsWords() {
    let message =
      #"deployments.apps "web" is forbidden: User "limited" cannot patch resource "deployments" in API group "apps" in the namespace "default""#
    let error = APIError.refused(Self.call, StatusFailure(status: .forbidden, reason: "Forbidden", message: message))
    #expect(
      error.description == """
        user "limited" may not patch deployments.apps in namespace "default": grant verb "patch" on "deployments" in API group \
        "apps" with a Role of namespace "default", and bind it to this user
        """)
  }

  @Test func aWebhooksRefusalIsNotCalledAMissingRight() {
    let failure = StatusFailure(
      status: .forbidden, reason: "Forbidden", message: "admission webhook \"x\" denied the request: no")
    #expect(
      APIError.refused(Self.call, failure).description
        == #"patch deployments.apps default/web: forbidden: "admission webhook \"x\" denied the request: no""#)
  }

  @Test func foreignTextIsCutAndEscaped() {
    let failure = StatusFailure(status: .internalServerError, message: String(repeating: "x", count: 9000) + "\n")
    #expect(APIError.refused(Self.call, failure).description.utf8.count < 700)
    let strange = APICall(.get, .deployments, namespace: "default", name: "a\u{1b}[31m")
    #expect(!APIError.invalidName(strange).description.utf8.contains(0x1b))
  }
}

extension FakeAPIServer {
  /// A client of this server that sends `token`, if any.
  func client(token: TokenSource = .none, files: FileSource = .disk) -> APIClient {
    APIClient(
      Credentials(origin: Origin(isSecure: true, host: "127.0.0.1", port: 6443), token: token), sender: self, files: files)
  }
}
