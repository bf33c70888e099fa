import JOSE
import Testing

@Suite struct BearerCredentialsTests {
  @Test(arguments: ["Bearer abc.def-_~+/9==", "bearer abc.def-_~+/9==", "BEARER abc.def-_~+/9==", "Bearer   abc.def-_~+/9=="])
  func findsTheToken(value: String) throws {
    #expect(Array(try BearerCredentials(authorization: [Array(value.utf8)]).token) == Array("abc.def-_~+/9==".utf8))
  }

  @Test(
    arguments: [
      ([], .noCredentials, 401),
      (["Bearer a", "Bearer a"], .severalCredentials(count: 2), 400),
      (["Bearer x", "Bearer a", "Bearer a"], .severalCredentials(count: 3), 400),
      ([""], .otherScheme, 401),
      (["abc.def.ghi"], .otherScheme, 401),
      (["Basic YTpi"], .otherScheme, 401),
      (["Bearer\ta"], .otherScheme, 401),
      (["BearerX a"], .otherScheme, 401),
      (["Bearer"], .malformedCredentials, 401),
      (["Bearer "], .malformedCredentials, 401),
      (["Bearer a b"], .malformedCredentials, 401),
      (["Bearer a "], .malformedCredentials, 401),
      (["Bearer a, Bearer b"], .malformedCredentials, 401),
      (["Bearer \"a\""], .malformedCredentials, 401),
      (["Bearer =a"], .malformedCredentials, 401),
      (["Bearer a=b"], .malformedCredentials, 401),
      (["Bearer a%2Eb"], .malformedCredentials, 401),
      (["Bearer \u{430}"], .malformedCredentials, 401),
      (["Bearer {\"a\":1}"], .malformedCredentials, 401),
      (["Bearer a\nb"], .controlCharacterInField, 400),
      (["Bearer a\r\nX: y"], .controlCharacterInField, 400),
      (["Bearer a\0"], .controlCharacterInField, 400),
      (["Bearer a\u{7f}"], .controlCharacterInField, 400),
    ] as [([String], TokenRefusal, Int)])
  func refusesEverythingElse(values: [String], refusal: TokenRefusal, status: Int) {
    #expect(throws: refusal) { try BearerCredentials(authorization: values.map { Array($0.utf8) }) }
    #expect(refusal.status == status)
  }
}
