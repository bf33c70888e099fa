import Clocks
@testable import Deployer
import Testing
import TestSupport

struct JobCoalescingTests {
  private static let early = Push.published
  private static let late = Push.published + .seconds(10)

  @Test func coversAnOlderMessageForTheSameWorkload() {
    let older = Samples.job("1.job1", of: "1", publishTime: Self.early)
    #expect(Samples.job("2.job1", of: "2", publishTime: Self.late).covers(older))
    #expect(Samples.job("2.job1", of: "2", publishTime: Self.early).covers(older))
    #expect(!Samples.job("2.job1", of: "2", target: "backend", publishTime: Self.late).covers(older))
  }

  /// Pub/Sub keeps no order: what arrives later may have been published earlier, and end superseded where the other would not.
  @Test func doesNotCoverALaterMessageThatArrivedEarlier() {
    let waiting = Samples.job("1.job1", of: "1", publishTime: Self.late)
    #expect(!Samples.job("2.job1", of: "2", publishTime: Self.early).covers(waiting))
  }

  @Test func coversAMessageOfUnknownTimeByOneOfUnknownTimeOnly() {
    let unknown = Samples.job("1.job1", of: "1", publishTime: nil)
    let known = Samples.job("2.job1", of: "2", publishTime: Self.late)
    #expect(unknown.covers(known))
    #expect(unknown.covers(unknown))
    #expect(!known.covers(unknown))
  }

  /// It may find the restart live that it planned long ago, and then makes none.
  @Test func doesNotCoverWithARestartThatMayBeMadeAlready() {
    let older = Samples.job("1.job1", of: "1", publishTime: Self.late)
    #expect(!Samples.job("2.job2.1", of: "2", publishTime: nil, planned: Self.early).covers(older))
  }

  /// Where all its containers pin a digest, a restart for one image is skipped, and one for another image is not.
  @Test func doesNotCoverAnotherImage() {
    let older = Samples.job("1.job1", of: "1", image: Documents.frontend)
    #expect(!Samples.job("2.job1", of: "2", image: Documents.backend).covers(older))
    #expect(Samples.job("2.job1", of: "2", image: "us-docker.pkg.dev/acme-prod/apps/my-app-frontend:v2").covers(older))
    // Without an image nothing is skipped for one.
    #expect(Samples.job("2.job1", of: "2", image: "").covers(older))
  }

  /// A job ends superseded where the live restart is not before its publish time and the skew.
  @Test func endsSupersededOnlyWhereTheOtherWouldHave() {
    var random = SplitMix()
    for _ in 0..<10_000 {
      let times = (0..<3).map { _ in Self.early + .seconds(Int.random(in: 0...5, using: &random)) }
      let older = Samples.job("1.job1", of: "1", publishTime: Bool.random(using: &random) ? times[0] : nil)
      let newer = Samples.job("2.job1", of: "2", publishTime: Bool.random(using: &random) ? times[1] : nil)
      func isSuperseded(_ job: Job) -> Bool { job.publishTime.map { times[2] >= $0 + .seconds(2) } ?? false }
      if newer.covers(older), isSuperseded(newer) { #expect(isSuperseded(older), "seed \(random.seed)") }
    }
  }
}
