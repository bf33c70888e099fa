package import Clocks
import Events

extension RolloutRestart {
  /// What is to be done with a Deployment as it is now.
  package enum Decision: Hashable, Sendable {
    case patch(RestartPlan)
    case finish(RestartOutcome)
    /// Refuse, as kubectl does.
    case refusePaused
  }

  /// Decides without any I/O. Whatever it answers, no push stays without a restart that came after it.
  ///
  /// - Parameter now: the time of day.
  package static func decide(_ deployment: Deployment, for request: RestartRequest, now: Timestamp) -> Decision {
    let live = deployment.restartedAt.flatMap { Timestamp(rfc3339: $0) }
    if let live, isDone(deployment, live, request) { return .finish(.alreadyDone(value: live)) }
    let users = users(of: request.image, in: deployment)
    if !users.isEmpty, users.allSatisfy({ $0.image.digest != nil }) { return .finish(.skipped(.digestPinned)) }
    if let live, isSuperseded(deployment, live, request, now) { return .finish(.superseded(by: live)) }
    if let earlier = samePush(deployment, request) { return .finish(.coalesced(message: earlier.messageID, at: earlier.at)) }
    if deployment.isPaused { return .refusePaused }
    return .patch(
      RestartPlan(
        namespace: request.namespace, name: request.name, value: value(after: live, planned: request.planned, now: now),
        resourceVersion: deployment.resourceVersion))
  }

  /// Whether the live restart is this message's own.
  private static func isDone(_ deployment: Deployment, _ live: Timestamp, _ request: RestartRequest) -> Bool {
    // A planned value was later than the live one when it was journaled, so whoever wrote it did so after that and after the
    // push.
    if live == request.planned?.wholeSecond { return true }
    guard let provenance = deployment.provenance, !request.messageID.isEmpty else { return false }
    guard provenance.messageID == request.messageID, provenance.restartedAt == deployment.restartedAt else { return false }
    // Ids can come again, from the emulator that counts from 1 at each start: a restart before the push was not for it.
    return request.publishTime.map { provenance.at >= $0 - request.skew } ?? true
  }

  /// Whether the live restart came so long after the push that its pods have the pushed image.
  private static func isSuperseded(
    _ deployment: Deployment, _ live: Timestamp, _ request: RestartRequest, _ now: Timestamp
  ) -> Bool {
    guard let publishTime = request.publishTime else { return false }
    let provenance = deployment.provenance.flatMap { $0.restartedAt == deployment.restartedAt ? $0 : nil }
    let instant = provenance?.at ?? live
    // An instant in the future says nothing about when pods were replaced.
    return instant >= publishTime + request.skew && instant <= now + request.skew
  }

  /// How long after a restart another message counts as one of the same push: a push of several tags, or of an image for several
  /// platforms, is several messages.
  static let pushDuration = Duration.seconds(60)

  /// What the live restart was for, where that was the same image by its digest, just before this message was published.
  ///
  /// The pods may have started between the two. That matters only where they run the tag that this message is about and the other was
  /// not: it may have moved to the image after they had pulled it.
  private static func samePush(_ deployment: Deployment, _ request: RestartRequest) -> RestartProvenance? {
    guard let image = request.image, let digest = image.digest, let publishTime = request.publishTime,
      let provenance = deployment.provenance, provenance.restartedAt == deployment.restartedAt,
      let earlier = provenance.image, earlier.digest == digest, earlier.image == image.image,
      publishTime <= provenance.at + pushDuration
    else { return nil }
    if earlier.tag == image.tag { return provenance }
    let runsTag = users(of: image, in: deployment).contains { $0.image.digest == nil && ($0.image.tag ?? "latest") == image.tag }
    return runsTag ? nil : provenance
  }

  /// The value to write: later than the live one, for with an equal one the API server changes nothing.
  private static func value(after live: Timestamp?, planned: Timestamp?, now: Timestamp) -> Timestamp {
    if let planned = planned?.wholeSecond, live.map({ planned > $0 }) ?? true { return planned }
    guard let live else { return now.wholeSecond }
    return max(now.wholeSecond, (live + .seconds(1)).wholeSecond)
  }

  /// A container whose image is of a given repository.
  struct User {
    let container: Deployment.Container
    let image: ImageReference
  }

  static func users(of image: ImageReference?, in deployment: Deployment) -> [User] {
    guard let image else { return [] }
    return deployment.containers.compactMap { container in
      ImageReference(container.image).flatMap { $0.image == image.image ? User(container: container, image: $0) : nil }
    }
  }
}
