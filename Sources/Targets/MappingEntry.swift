/// One workload that runs an image, as a mapping file describes it.
package struct MappingEntry: Hashable, Sendable {
  package let workload: Workload
  /// The container that runs the image. Kept for the reader; a restart replaces whole pods.
  package let container: String?
  /// What is to run after the rollout. Kept; nothing acts on it yet.
  package let postRolloutHook: String?
  /// Where to tell of the rollout. Kept; nothing acts on it yet.
  package let slackChannel: String?

  package init(_ workload: Workload, container: String? = nil, postRolloutHook: String? = nil, slackChannel: String? = nil) {
    self.workload = workload
    self.container = container
    self.postRolloutHook = postRolloutHook
    self.slackChannel = slackChannel
  }
}
