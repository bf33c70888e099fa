import HTTP
import TestSupport
import Testing

@testable import OIDC

/// How long keys are fresh, and when they are asked for again (J07).
struct KeyFreshnessTests {
  @Test(
    arguments: [
      // Cache-Control, Age, seconds.
      (nil, nil, 300),
      ("public, max-age=0", nil, 300),
      ("max-age=3600", nil, 3600),
      ("public, max-age=24873, must-revalidate, no-transform", "3600", 21_273),
      ("public, max-age=24873, must-revalidate", "24000", 873),
      ("max-age=3600", "3599", 300),
      ("max-age=3600", "99999999999999999999999", 300),
      ("max-age=3600", "soon", 300),
      ("max-age=3600", "-1", 300),
      ("max-age=315360000", nil, 21_600),
      ("max-age=99999999999999999999999999", nil, 21_600),
      ("max-age=-5", nil, 300),
      ("max-age=", nil, 300),
      ("max-age=3600, max-age=600", nil, 600),
      ("MAX-AGE=\"3600\"", nil, 3600),
      ("s-maxage=3600", nil, 300),
      ("no-store, max-age=3600", nil, 300),
    ] as [(String?, String?, Int)])
  func isMaximumAgeLessAgeWithinFiveMinutesAndSixHours(cacheControl: String?, age: String?, seconds: Int) {
    var fields = HTTPFields()
    if let cacheControl { fields.append(.cacheControl, cacheControl) }
    if let age { fields.append(.age, age) }
    #expect(KeyFreshness.lifetime(fields) == .seconds(seconds))
  }

  @Test(arguments: [(0, 300), (10, 300), (3600, 3300), (1800, 1620), (21_600, 21_300), (315_360_000, 21_300)])
  func keysAreAskedForBeforeTheyCeaseToBeFresh(maximumAge: Int, seconds: Int) async throws {
    let scene = try Scene()
    scene.server.answer(FakeKeyServer.serving(scene.mint.keySetDocument, maximumAge: maximumAge))
    try await scene.running {
      #expect(scene.clock.nextEnd?.offset == .seconds(seconds))
      await scene.step()
      #expect(scene.server.requests.count == 2)
      #expect(scene.clock.nextEnd?.offset == .seconds(2 * seconds))
    }
  }
}
