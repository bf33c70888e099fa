import JSON

extension RestartPlan {
  /// Reads one template whose whole work is `kubectl rollout restart`.
  /// - Throws: why it needs a real Workflow.
  init(_ template: Fields, _ report: Report) throws(NotNative) {
    template.warnUnknown(Self.templateFields)
    for field in Self.podOnlyFields where template.value(field) != nil { throw NotNative("its template uses \(field)") }
    guard let container = template.mapping("container") ?? template.mapping("script") else {
      throw NotNative("its template is neither a container nor a script")
    }
    template.remarkOnPodFields()
    container.warnUnknown(Self.containerFields)
    let inputs = template.mapping("inputs")
    if inputs?.value("artifacts") != nil { throw NotNative("its template has input artifacts") }
    self.inputs = inputs?.arguments("parameters") ?? []
    let lines = template.value("script") == nil ? try Self.commandLines(container) : try Self.scriptLines(container)
    // Only at the end does waiting for a rollout change nothing: before a restart it says whether that may happen.
    let end = lines.lastIndex { !RestartCommand.isStatus($0) }.map { $0 + 1 } ?? 0
    var commands: [RestartCommand] = []
    for line in lines[..<end] {
      guard !RestartCommand.isStatus(line) else { throw NotNative("\"kubectl rollout status\" stands before a restart") }
      commands.append(try RestartCommand(line))
    }
    guard !commands.isEmpty else { throw NotNative("it runs no \"kubectl rollout restart\"") }
    self.commands = commands
    try checkInputs()
    Self.remark(on: container, commands, report)
    if end < lines.count {
      report.info(
        "no-effect", container.value("source") ?? container.value("args") ?? container.node,
        "\"kubectl rollout status\" is passed over: the restart succeeds when the API server has taken it; kubernetes.watchRollouts "
          + "follows the rollout")
    }
  }

  private func checkInputs() throws(NotNative) {
    let known = Set(inputs.compactMap(\.name))
    let words = commands.flatMap { command in command.targets.map(\.name) + (command.namespace.map { [$0] } ?? []) }
    for case .input(let name) in words.flatMap(\.parts) where !known.contains(name) {
      throw NotNative("failed to resolve {{inputs.parameters.\(name)}}: its template has no such input")
    }
  }

  /// `command` and `args` as one command line; `sh -c TEXT` as the lines of a script.
  private static func commandLines(_ container: Fields) throws(NotNative) -> [[String]] {
    let arguments = container.texts("args") ?? []
    var words = (container.texts("command") ?? []) + arguments
    if container.value("command") == nil {
      let image = container.text("image") ?? ""
      guard isKubectlImage(image) else {
        throw NotNative("it has no command, and \(image.quoted(limit: 60)) is not a kubectl image")
      }
      words.insert("kubectl", at: 0)
    }
    guard let program = words.first, isShell(program), words.count == 3, words[1] == "-c" else { return [words] }
    return try scriptLines(words[2])
  }

  private static func scriptLines(_ script: Fields) throws(NotNative) -> [[String]] {
    let command = script.texts("command") ?? []
    guard command.isEmpty || (command.count == 1 && isShell(command[0])) else {
      throw NotNative("its script is not for sh or bash")
    }
    return try scriptLines(script.text("source") ?? "")
  }

  /// The kubectl commands of a script. `set`, `echo` and a final `exit 0` change nothing here and are passed over.
  private static func scriptLines(_ source: String) throws(NotNative) -> [[String]] {
    var lines: [[String]] = []
    for command in try ShellWords.commands(in: source) {
      switch command[0] {
      case "set"
      where command.dropFirst().allSatisfy({
        ["-e", "-u", "-x", "-eu", "-ex", "-eux", "-o", "-euo", "-euxo", "pipefail"].contains($0)
      }):
        break
      case "echo": break
      case "exit" where command.count == 1 || command[1] == "0": return lines
      default: lines.append(command)
      }
    }
    return lines
  }

  private static func isShell(_ program: String) -> Bool {
    ["sh", "bash", "/bin/sh", "/bin/bash", "/usr/bin/bash"].contains(program)
  }

  private static func isKubectlImage(_ image: String) -> Bool {
    let path = image.split(separator: "@")[...].first ?? ""
    let last = path.split(separator: "/").last ?? ""
    return last.prefix { $0 != ":" } == "kubectl"
  }

  /// Differences from a run in a pod that are allowed for.
  private static func remark(on container: Fields, _ commands: [RestartCommand], _ report: Report) {
    if commands.contains(where: { $0.namespace == nil }) {
      report.info(
        "B3.2", container.value("args") ?? container.node,
        "kubectl has no -n: the restart happens in the namespace of the mapping, or else of the Workflow")
    }
    if let image = container.value("image"), let text = image.string, text.hasPrefix("bitnami/") {
      report.info("B3.3", image, "\(text.quoted(limit: 60)) was withdrawn in 2025; a restart that runs here needs no image")
    }
    for entry in container.mappings("env") where entry.value("name")?.string == "KUBECONFIG" {
      report.info(
        "B3.4", entry.node, "KUBECONFIG is ignored: the restart uses the cluster and the identity of this server")
    }
  }

  private static let podOnlyFields = [
    "containerSet", "daemon", "dag", "data", "hooks", "http", "initContainers", "memoize", "onExit", "outputs", "plugin",
    "podSpecPatch",
    "resource", "sidecars", "steps", "suspend", "synchronization",
  ]

  private static let containerFields: Set<String> = [
    "args", "command", "env", "envFrom", "image", "imagePullPolicy", "lifecycle", "livenessProbe", "name", "ports",
    "readinessProbe",
    "resizePolicy", "resources", "restartPolicy", "securityContext", "source", "startupProbe", "stdin", "stdinOnce",
    "terminationMessagePath",
    "terminationMessagePolicy", "tty", "volumeDevices", "volumeMounts", "workingDir",
  ]

  private static let templateFields = Set(podOnlyFields).union([
    "activeDeadlineSeconds", "affinity", "annotations", "archiveLocation", "automountServiceAccountToken", "container",
    "executor", "failFast",
    "hostAliases", "inputs", "metadata", "metrics", "name", "nodeSelector", "parallelism", "priority", "priorityClassName",
    "retryStrategy",
    "schedulerName", "script", "securityContext", "serviceAccountName", "timeout", "tolerations", "volumes",
  ])
}
