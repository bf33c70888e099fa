/// A Sensor document.
package struct Sensor: Sendable {
  package let name: String
  let dependencies: [String: Dependency]
  let triggers: [Trigger]
}

/// One entry of `spec.dependencies`: which events, and the filters they must pass.
struct Dependency: Sendable {
  let event: EventName
  let filters: FilterSet

  /// Why the dependency cannot be used; nil when it can.
  let problem: String?
}

/// One entry of `spec.triggers`.
struct Trigger: Sendable {
  let name: String

  /// What it waits for and what it does; or why it is not active.
  let plan: Result<Plan, Inactive>

  struct Plan: Sendable {
    let condition: Condition
    let workflow: SubmittedWorkflow
    let rateLimit: RateLimit?
  }

  struct Inactive: Error, Hashable, Sendable {
    let reason: String
  }
}
