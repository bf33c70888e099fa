import Clocks
package import JSON

/// What a rollout restart looks at in a Deployment.
package struct Deployment: Hashable, Sendable {
  /// One container, or init container, of the pod template.
  package struct Container: Hashable, Sendable {
    package let name: String
    package let image: String
    /// `Always`, `IfNotPresent` or `Never`; nil where the template leaves it to the default.
    package let imagePullPolicy: String?

    package init(name: String, image: String, imagePullPolicy: String? = nil) {
      self.name = name
      self.image = image
      self.imagePullPolicy = imagePullPolicy
    }
  }

  package let generation: Int64
  package let resourceVersion: String
  package let isPaused: Bool
  /// The template's annotation `kubectl.kubernetes.io/restartedAt` as it stands there.
  package let restartedAt: String?
  /// What our last restart noted on the Deployment itself; nil where there is no such note, or none that we can read.
  package let provenance: RestartProvenance?
  /// Init containers first, in the order in which they run.
  package let containers: [Container]

  /// - Returns: nil where `object` has no resourceVersion or generation, which every Deployment of an API server has.
  package init?(_ object: JSONValue) {
    let metadata = object["metadata"]
    let template = object["spec"]?["template"]
    guard let resourceVersion = metadata?["resourceVersion"]?.string, !resourceVersion.isEmpty,
      let generation = metadata?["generation"]?.number?.int64
    else { return nil }
    self.resourceVersion = resourceVersion
    self.generation = generation
    isPaused = object["spec"]?["paused"]?.bool ?? false
    restartedAt = template?["metadata"]?["annotations"]?[RolloutRestart.restartedAtAnnotation]?.string
    provenance = (metadata?["annotations"]?[RolloutRestart.provenanceAnnotation]?.string).flatMap {
      RestartProvenance(annotation: $0)
    }
    containers = ["initContainers", "containers"].flatMap { template?["spec"]?[$0]?.array ?? [] }.compactMap { container in
      guard let image = container["image"]?.string else { return nil }
      return Container(
        name: container["name"]?.string ?? "", image: image, imagePullPolicy: container["imagePullPolicy"]?.string)
    }
  }
}
