package import Clocks

/// What is about to be written, for the caller's journal.
package struct RestartPlan: Hashable, Sendable {
  package let namespace: String
  package let name: String
  /// The value of `kubectl.kubernetes.io/restartedAt`: a whole second, later than the live one.
  package let value: Timestamp
  /// The version of the Deployment that the patch is bound to.
  package let resourceVersion: String

  package init(namespace: String, name: String, value: Timestamp, resourceVersion: String) {
    self.namespace = namespace
    self.name = name
    self.value = value
    self.resourceVersion = resourceVersion
  }
}
