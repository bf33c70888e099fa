import Events
import Sensors

extension Job {
  /// Whether this job's restart makes `older`'s needless.
  ///
  /// It restarts the same workload, and whatever keeps this restart from being made would keep the other from it too: a restart that
  /// came after this message was published came after the other's as well, and containers that pin a digest pin it for both images.
  func covers(_ older: Job) -> Bool {
    guard target == older.target, image.isEmpty || image == older.image || repository == older.repository else { return false }
    // The other's trigger knows nothing of the rate that this one waits for.
    guard firing.rateLimit == nil || isOfTrigger(of: older) else { return false }
    // What was planned before, for a replay or by an earlier process, may be live already: then there is no restart to come.
    guard let publishTime else { return planned == nil }
    guard let olderTime = older.publishTime else { return false }
    return publishTime >= olderTime
  }

  private func isOfTrigger(of other: Job) -> Bool {
    firing.sensor == other.firing.sensor && firing.trigger == other.firing.trigger
  }

  private var repository: String? { ImageReference(image)?.image }
}
