import Configuration
import FoundationEssentials

/// The rules and the mapping that the tests work with.
enum Documents {
  static let frontend = "us-docker.pkg.dev/acme-prod/apps/my-app-frontend:latest"
  static let backend = "us-docker.pkg.dev/acme-prod/apps/my-app-backend:latest"

  /// - Parameters:
  ///   - filter: of the message's data, as a flow list.
  ///   - rateLimit: of the trigger, as a flow mapping.
  static func rules(
    filter: String = "[{path: $.action, type: string, value: [INSERT]}]", rateLimit: String = "null"
  ) -> String {
    """
    apiVersion: argoproj.io/v1alpha1
    kind: EventSource
    metadata: {name: registry}
    spec:
      pubSub:
        images: {projectId: acme-prod, topic: gcr, jsonBody: true}
    ---
    apiVersion: argoproj.io/v1alpha1
    kind: Sensor
    metadata: {name: restarts}
    spec:
      dependencies:
        - {name: push, eventSourceName: registry, eventName: images, filters: {data: \(filter)}}
      triggers:
        - template:
            name: restart
            argoWorkflow:
              operation: submit
              source:
                resource: {apiVersion: argoproj.io/v1alpha1, kind: WorkflowTemplate, name: restart-template}
              parameters:
                - {src: {dependency: push, dataKey: $.serviceName}, dest: parameters.target}
          rateLimit: \(rateLimit)
    ---
    apiVersion: argoproj.io/v1alpha1
    kind: WorkflowTemplate
    metadata: {name: restart-template}
    spec:
      entrypoint: main
      arguments: {parameters: [{name: target, value: none}]}
      templates:
        - name: main
          inputs: {parameters: [{name: target}]}
          container: {image: kubectl, command: [kubectl], args: [rollout, restart, "deployment/{{inputs.parameters.target}}"]}

    """
  }

  static let mapping = """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: mapping}
    data:
      my-app-frontend: {deploymentName: frontend, namespace: default}
      my-app-backend: {deploymentName: backend, namespace: backend-ns}

    """

  static func generation(rules: String = rules(), mapping: String = mapping) -> Generation {
    Generation(
      rules: [MountedFile(name: "rules.yaml", bytes: Array(rules.utf8))],
      mapping: [MountedFile(name: "mapping.yaml", bytes: Array(mapping.utf8))])
  }

  /// The rules with parameters `p1`, `p2` and so on, each with what the message has at `path`.
  static func rules(copying path: String, times count: Int) -> String {
    let parameters = (1...count).map { "{src: {dependency: push, dataKey: \(path)}, dest: parameters.p\($0)}" }
    let list = "            - "
    return rules().replacing(
      "parameters:\n\(list){src", with: "parameters:\n\(list)\(parameters.joined(separator: "\n\(list)"))\n\(list){src"
    ).replacing("[{name: target,", with: "[\((1...count).map { "{name: p\($0)}" }.joined(separator: ", ")), {name: target,")
  }

  /// A directory with `rules` and `mapping`, made once.
  static let directory = Result { try makeDirectory(rules: rules()) }

  /// Makes a directory with `rules` and `mapping`.
  static func makeDirectory(rules: String, mapping: String = mapping) throws -> String {
    let url = FileManager.default.temporaryDirectory.appending(path: "relaunch-documents-" + UUID().uuidString)
    for (name, text) in [("rules", rules), ("mapping", mapping)] {
      let directory = url.appending(path: name)
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      try Data(text.utf8).write(to: directory.appending(path: "\(name).yaml"))
    }
    return url.path
  }

  /// Replaces one file of a directory that `makeDirectory` made; the server reads it within a second.
  static func write(_ text: String, as name: String, in directory: String) throws {
    try Data(text.utf8).write(to: URL(filePath: "\(directory)/\(name)/\(name).yaml"), options: .atomic)
  }

  /// The rules with a second trigger, `other`, which takes its target from `path`.
  static func rules(withOtherFrom path: String) throws -> String {
    let rules = rules()
    guard let start = rules.firstRange(of: "    - template:")?.lowerBound,
      let end = rules.firstRange(of: "---\napiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate")?.lowerBound
    else { throw CocoaError(.featureUnsupported) }
    let trigger = String(rules[start..<end]).replacing("$.serviceName", with: path).replacing(
      "name: restart\n", with: "name: other\n")
    return String(rules[..<end]) + trigger + rules[end...]
  }
}
