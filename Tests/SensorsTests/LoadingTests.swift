import Events
import Sensors
import Testing

@Suite struct LoadingTests {
  /// Diagnostics of the real dialect's rules with one thing changed, without the infos.
  private func messages(_ from: String, _ to: String) -> [String] {
    let text = RealDialect.eventSource + RealDialect.template() + RealDialect.sensor()
    #expect(text.contains(from))
    return RuleSet.load(files: [Samples.file(text.replacing(from, with: to))]).1.filter { $0.severity != .info }.map { "\($0)" }
  }

  @Test func hasNothingToSayOfGoodRules() {
    let (rules, diagnostics) = RealDialect.load()
    #expect(diagnostics == [])
    #expect(rules.sensors.map(\.name) == ["restarts"])
    #expect(rules.eventSources.map(\.name) == ["registry"])
  }

  @Test(arguments: [
    (
      "eventName: images", "eventName: image",
      "rules.yaml:24:58: error: EventSource \"registry\" has no event \"image\"; there is images; did you mean images?"
    ),
    (
      "eventSourceName: registry", "eventSourceName: registri",
      "error: no EventSource is named \"registri\"; there is registry; did you mean registry?"
    ),
    (
      "workflowTemplateRef: {name: restart}", "workflowTemplateRef: {name: restarts}",
      "error: no WorkflowTemplate is named \"restarts\"; there is restart; did you mean restart?"
    ),
    (
      "dependencyName: push", "dependencyName: pusch",
      "error: no dependency is named \"pusch\"; there is push; did you mean push?"
    ),
    (
      "operation: submit", "operaton: submit",
      "warning: spec.triggers[0].template.argoWorkflow.operaton is not a field; Argo drops it without a word; did"
    ),
    ("operation: submit", "operation: sumbit", "error: template restart is invalid, unknown operation type sumbit"),
    ("operation: submit", "operation: resume", "error: the operation resume is not supported yet"),
    (
      #"["^INSERT$"]"#, #"["("]"#,
      #"error: the regular expression "(" is not valid RE2: missing ): (; Argo discards each event that gets there"#
    ),
    (
      #"["^INSERT$"]"#, "[1]",
      "error: spec.dependencies[0].filters.data[0].value[0] must be a string, not a number; put it in quotes"
    ),
    ("type: string", "type: String", "error: unsupported JSON type 'String'; use string, number or bool"),
    (
      "type: string", "type: number",
      "error: strconv.ParseFloat: parsing \"^INSERT$\": invalid syntax; Argo discards each event that gets there"
    ),
    ("path: body.action", "path: '[body.action]'", "path \"[body.action]\""),
    (
      "dest: spec.arguments.parameters.0.value", "dest: spec.arguments.parameters.1.value",
      "is beyond the 1 parameters that the resource itself lists"
    ),
    (
      "dest: spec.arguments.parameters.0.value", "dest: spec.entrypoint",
      "error: the destination \"spec.entrypoint\" is not supported yet"
    ),
    (
      "name: restart\n        argoWorkflow", "name: restart\n        conditions: push && push\n        argoWorkflow",
      "waits for several events; not supported yet"
    ),
    (
      "name: restart\n        argoWorkflow", "name: restart\n        conditions: psh\n        argoWorkflow",
      "error: no dependency is named \"psh\"; there is push; did you mean push?"
    ),
    (
      "name: restart\n        argoWorkflow", "name: restart\n        http",
      "error: spec.triggers[0].template.http is not supported yet"
    ),
    (
      "command: [kubectl]", "command: [helm]",
      "error: \"restart\" needs a real Workflow: it runs \"helm\", not kubectl; submitting one is not supported yet"
    ),
    ("[rollout, restart,", "[rollout, status,", "needs a real Workflow: it runs no \"kubectl rollout restart\""),
    (
      "workflowTemplateRef: {name: restart}", "entrypoint: other\n                workflowTemplateRef: {name: restart}",
      "entrypoint beside workflowTemplateRef is not supported yet"
    ),
    (
      "entrypoint: main", "entrypoint: mian",
      "needs a real Workflow: its entrypoint \"mian\" is none of its templates; did you mean main?"
    ),
    ("inputs: {parameters: [{name: target}, {name: namespace}]}", "inputs: {}", "failed to resolve {{inputs.parameters.target}}"),
    (
      "{name: namespace, value: apps}", "{name: namespace}",
      "error: spec.arguments.namespace.value or spec.arguments.namespace.valueFrom is required"
    ),
    ("[{name: target}, {name: namespace, value: apps}]", "[]", "error: inputs.parameters.namespace was not supplied"),
    ("kind: Sensor", "kind: Senser", "warning: a \"Senser\" is no rule and is passed over; did you mean Sensor?"),
    ("topic: gcr, subscriptionID: rollout-hook, ", "", "error: must specify topic or subscriptionID"),
    ("pubSub:", "webhook:", "warning: events of type \"webhook\" are not received here, only pubSub"),
    ("triggers:", "trigers:", "error: no triggers found"),
    ("spec:\n  dependencies", "spec: [\n  dependencies", "error: not YAML"),
  ])
  func saysWhatIsWrongAndWhere(from: String, to: String, expected: String) {
    let found = messages(from, to)
    #expect(found.contains { $0.contains(expected) }, "\(found)")
  }

  @Test func keepsEverythingElseActive() {
    let broken = RealDialect.sensor(name: "broken").replacing("argoWorkflow", with: "slack")
    let unreadable = RuleFile(name: "a.yaml", bytes: Array("{".utf8))
    let (rules, diagnostics) = RuleSet.load(files: [
      Samples.file(RealDialect.eventSource + RealDialect.template() + broken + RealDialect.sensor()), unreadable,
      RuleFile(name: "empty.yaml", bytes: []), RuleFile(name: "junk", bytes: [0xFF, 0x00]),
    ])
    #expect(Set(diagnostics.map(\.file)) == ["a.yaml", "rules.yaml", "junk"])
    let event = Samples.event(Samples.insert("latest"), attributes: [.init(name: "service", value: "api")])
    let verdicts = rules.evaluate(event, workloads: [])
    #expect(verdicts.map(\.sensor) == ["broken", "restarts"])
    #expect(
      verdicts.first?.outcome
        == .rejected(
          Rejection(clause: "trigger", problem: "it is not active: spec.triggers[0].template.slack is not supported yet")))
    guard case .fires? = verdicts.last?.outcome else {
      Issue.record("the good Sensor does not fire")
      return
    }
  }

  @Test(arguments: [
    "exprs: [{expr: a, fields: [{name: a, path: b}]}]", "time: {start: \"01:00:00\", stop: \"02:00:00\"}", "script: return true",
  ])
  func neverIgnoresAFilterItCannotEvaluate(filter: String) {
    let text =
      RealDialect.eventSource + RealDialect.template()
      + RealDialect.sensor().replacing("filters: {", with: "filters: {\(filter), ")
    let (rules, diagnostics) = RuleSet.load(files: [Samples.file(text)])
    #expect(diagnostics.contains { $0.severity == .error && $0.message.hasSuffix("is not supported yet") })
    guard case .rejected(let rejection)? = Samples.outcomes(rules, Samples.insert("latest")).first else {
      Issue.record("it is not rejected")
      return
    }
    #expect(rejection.clause == "trigger")
  }

  @Test func treatsTwoDependenciesWithoutConditionsAsNotSupported() {
    let second = "{name: second, eventSourceName: registry, eventName: images}"
    let text = RealDialect.sensor().replacing("    - {name: push,", with: "    - \(second)\n    - {name: push,")
    let (_, diagnostics) = RealDialect.load(text)
    #expect(diagnostics.map(\.message) == ["without conditions a trigger waits for all of push, second; not supported yet"])
    #expect(diagnostics.first?.fix == "write conditions: \"push || second\" if each alone should fire it")
  }

  @Test func namesEachStateOfTheRules() {
    let files = [Samples.file("a: 1", name: "a"), Samples.file("b: 1", name: "b")]
    let generation = RuleSet.load(files: files).0.generation
    #expect(generation.count == 16)
    #expect(RuleSet.load(files: files.reversed()).0.generation == generation)
    #expect(RuleSet.load(files: [files[0]]).0.generation != generation)
    #expect(RuleSet.load(files: [Samples.file("a: 2", name: "a"), files[1]]).0.generation != generation)
    #expect(RuleSet.load(files: [Samples.file("a: 1", name: "ab"), files[1]]).0.generation != generation)
  }
}

@Suite struct RemarkTests {
  @Test(arguments: [
    (#"["^INSERT$"]"#, #"["INSERT"]"#, #"info: "INSERT" also matches texts that only contain it; write ^INSERT$ [B2.6]"#),
    ("jsonBody: true", "jsonBody: false", "without jsonBody the body of registry.images is base64 text; write jsonBody: true"),
    ("jsonBody: true", "filter: {expression: a}", "error: spec.pubSub.images.filter is not supported yet"),
    (
      "entrypoint: main", "entrypoint: main\n  retryStrategy: {limit: 2}",
      "info: spec.retryStrategy has no effect on a restart that runs here"
    ),
    ("command: [kubectl]", "comand: [kubectl]", "comand is not a field; Argo drops it without a word; did you mean command?"),
  ])
  func pointsOutWhatIsEasilyMisunderstood(from: String, to: String, expected: String) {
    let text = RealDialect.eventSource + RealDialect.template() + RealDialect.sensor()
    #expect(text.contains(from))
    let found = RuleSet.load(files: [Samples.file(text.replacing(from, with: to))]).1.map { "\($0)" }
    #expect(found.contains { $0.contains(expected) }, "\(found)")
  }
}
