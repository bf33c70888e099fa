/// One thing to do for one event: everything that is needed to do it later, without the rules it came from.
package struct Firing: Hashable, Sendable {
  package enum Action: Hashable, Sendable {
    /// `kubectl rollout restart` of one workload. `kind` is `Deployment`, `StatefulSet` or `DaemonSet`; both names have been
    /// checked.
    case restart(kind: String, namespace: String, name: String)
  }

  package struct Parameter: Hashable, Sendable {
    package let name: String
    package let value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package let sensor: String
  package let trigger: String
  package let action: Action

  /// The workflow's parameters, in the order of its template.
  package let parameters: [Parameter]

  /// How often the trigger may run; nil for no limit.
  package let rateLimit: RateLimit?

  package init(sensor: String, trigger: String, action: Action, parameters: [Parameter], rateLimit: RateLimit? = nil) {
    self.sensor = sensor
    self.trigger = trigger
    self.action = action
    self.parameters = parameters
    self.rateLimit = rateLimit
  }
}
