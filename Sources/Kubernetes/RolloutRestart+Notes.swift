import Events
import Clocks
import JSON

extension RolloutRestart {
  /// What about a Deployment may keep the restart from having the effect that is meant.
  package static func notes(_ deployment: Deployment, for request: RestartRequest) -> [String] {
    var notes: [String] = []
    if let text = deployment.restartedAt, Timestamp(rfc3339: text) == nil {
      notes.append("the live \(restartedAtAnnotation) \(text.quoted(limit: 80)) is no RFC 3339 time; treated as absent")
    }
    guard let image = request.image else { return notes }
    let users = users(of: image, in: deployment)
    guard !users.isEmpty else {
      notes.append("no container uses an image of \(image.image.quoted(limit: 300))")
      return notes
    }
    // Where a container names a digest, its tag is only a comment.
    let tagged = users.filter { $0.image.digest == nil }
    if let tag = image.tag, !tagged.isEmpty, !tagged.contains(where: { ($0.image.tag ?? "latest") == tag }) {
      let used = tagged.map { ($0.image.tag ?? "latest").quoted(limit: 130) }.joined(separator: ", ")
      notes.append("tag \(tag.quoted(limit: 130)) was pushed, but the containers use \(used): the restart brings that back")
    }
    for user in tagged {
      let policy = user.container.imagePullPolicy ?? ((user.image.tag ?? "latest") == "latest" ? "Always" : "IfNotPresent")
      guard policy != "Always" else { continue }
      let container = user.container.name.quoted(limit: 80)
      notes.append("container \(container) has imagePullPolicy \(policy.quoted(limit: 40)): nodes may start the old image again")
    }
    return notes
  }
}
