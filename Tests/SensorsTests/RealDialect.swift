import Sensors

/// A complete rule set in real Argo's dialect, with places for a test to change.
enum RealDialect {
  static let eventSource = """
    apiVersion: argoproj.io/v1alpha1
    kind: EventSource
    metadata: {name: registry}
    spec:
      pubSub:
        images: {projectID: acme-prod, topic: gcr, subscriptionID: rollout-hook, jsonBody: true}

    """

  /// - Parameters:
  ///   - command: what the entrypoint runs, as a flow list.
  ///   - arguments: what comes after it, as a flow list.
  static func template(
    command: String = "[kubectl]",
    arguments: String = #"[rollout, restart, "deployment/{{inputs.parameters.target}}", -n, "{{inputs.parameters.namespace}}"]"#,
    parameters: String = "[{name: target}, {name: namespace, value: apps}]",
    inputs: String = "[{name: target}, {name: namespace}]"
  ) -> String {
    """
    ---
    apiVersion: argoproj.io/v1alpha1
    kind: WorkflowTemplate
    metadata: {name: restart}
    spec:
      entrypoint: main
      arguments: {parameters: \(parameters)}
      templates:
        - name: main
          inputs: {parameters: \(inputs)}
          container: {image: registry.k8s.io/kubectl:v1.35.0, command: \(command), args: \(arguments)}

    """
  }

  /// - Parameters:
  ///   - data: `filters.data`, as a flow list.
  ///   - parameters: `argoWorkflow.parameters`, as a flow list.
  static func sensor(
    name: String = "restarts", data: String = #"[{path: body.action, type: string, value: ["^INSERT$"]}]"#,
    arguments: String = "[{name: target, value: web}]",
    parameters: String = "[{src: {dependencyName: push, dataKey: attributes.service}, dest: spec.arguments.parameters.0.value}]",
    trigger: String = "", dependency: String = ""
  ) -> String {
    """
    ---
    apiVersion: argoproj.io/v1alpha1
    kind: Sensor
    metadata: {name: \(name), namespace: argo-events}
    spec:
      dependencies:
        - {name: push, eventSourceName: registry, eventName: images, filters: {data: \(data)}\(dependency)}
      triggers:
        - template:
            name: restart
            argoWorkflow:
              operation: submit
              source:
                resource:
                  apiVersion: argoproj.io/v1alpha1
                  kind: Workflow
                  metadata: {generateName: restart-}
                  spec:
                    workflowTemplateRef: {name: restart}
                    arguments: {parameters: \(arguments)}
              parameters: \(parameters)
    \(trigger)

    """
  }

  static func load(_ sensor: String = sensor(), template: String = template()) -> (RuleSet, [Diagnostic]) {
    RuleSet.load(files: [Samples.file(eventSource + template + sensor)])
  }
}
