/// A WorkflowTemplate, or the `spec` of a Workflow that a Sensor submits.
struct WorkflowTemplate: Sendable {
  let name: String

  /// The workflow arguments the template itself declares, with their values.
  let arguments: [Argument]

  /// What the entrypoint runs, or why it cannot run inside this process.
  let plan: Result<RestartPlan, NotNative>
}

/// The restarts of one template: what a run does, before its parameters are known.
struct RestartPlan: Hashable, Sendable {
  /// `inputs.parameters` of the entrypoint.
  let inputs: [Argument]
  let commands: [RestartCommand]
}
