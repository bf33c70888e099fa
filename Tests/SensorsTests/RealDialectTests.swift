import Events
import JSON
import Sensors
import Testing

private let restarts = "kubectl rollout restart -n shop deployment/web"
private let waits = "kubectl -n shop rollout status deployment/web --timeout=5m"

@Suite struct RealDialectTests {
  private static let service = [PubSubMessage.Attribute(name: "service", value: "api")]

  private func outcome(_ sensor: String, template: String = RealDialect.template(), body: String = Samples.insert("latest"))
    -> Verdict.Outcome?
  {
    let (rules, diagnostics) = RealDialect.load(sensor, template: template)
    #expect(diagnostics.filter { $0.severity == .error } == [])
    return rules.evaluate(Samples.event(body, attributes: Self.service), workloads: [Samples.deployment]).first?.outcome
  }

  private func restart(_ name: String, _ namespace: String, _ parameters: [Firing.Parameter]) -> Verdict.Outcome {
    .fires([
      Firing(
        sensor: "restarts", trigger: "restart", action: .restart(kind: "Deployment", namespace: namespace, name: name),
        parameters: parameters)
    ])
  }

  @Test func submitsAWorkflowOfATemplateWithAParameterByPosition() {
    let parameters = [Firing.Parameter(name: "target", value: "api"), Firing.Parameter(name: "namespace", value: "apps")]
    #expect(outcome(RealDialect.sensor()) == restart("api", "apps", parameters))
  }

  @Test(arguments: [
    "spec.arguments.parameters.namespace", #"spec.arguments.parameters.#(name=="namespace").value"#, "parameters.namespace",
  ])
  func setsAParameterByName(dest: String) {
    let source = "{dependencyName: push, dataKey: attributes.service}"
    let sensor = RealDialect.sensor(parameters: "[{src: \(source), dest: '\(dest)'}]")
    let parameters = [Firing.Parameter(name: "target", value: "web"), Firing.Parameter(name: "namespace", value: "api")]
    #expect(outcome(sensor) == restart("web", "api", parameters))
  }

  @Test func takesParametersOfTheTriggerToo() {
    let trigger = """
            parameters:
              - src: {dependencyName: push, dataKey: attributes.service}
                dest: argoWorkflow.source.resource.spec.arguments.parameters.0.value
                operation: append
      """
    let parameters = [Firing.Parameter(name: "target", value: "webapi"), Firing.Parameter(name: "namespace", value: "apps")]
    #expect(outcome(RealDialect.sensor(parameters: "[]", trigger: trigger)) == restart("webapi", "apps", parameters))
  }

  @Test func submitsFromATemplateWithOptions() {
    let sensor = """
      ---
      apiVersion: argoproj.io/v1alpha1
      kind: Sensor
      metadata: {name: restarts}
      spec:
        dependencies: [{name: push, eventSourceName: registry, eventName: images}]
        triggers:
          - template:
              name: restart
              argoWorkflow:
                operation: submit-from
                args: ["-p", "target=", "--parameter=namespace=apps"]
                source: {resource: {kind: WorkflowTemplate, metadata: {name: restart}}}
            parameters:
              - {src: {dependencyName: push, dataKey: attributes.service}, dest: argoWorkflow.args.1, operation: append}
      """
    let parameters = [Firing.Parameter(name: "target", value: "api"), Firing.Parameter(name: "namespace", value: "apps")]
    #expect(outcome(sensor) == restart("api", "apps", parameters))
  }

  @Test func runsAWorkflowWrittenOutInTheSensor() {
    let sensor = """
      ---
      apiVersion: argoproj.io/v1alpha1
      kind: Sensor
      metadata: {name: restarts, namespace: ops}
      spec:
        dependencies: [{name: push, eventSourceName: registry, eventName: images}]
        triggers:
          - template:
              name: restart
              k8s:
                operation: create
                source:
                  resource:
                    apiVersion: argoproj.io/v1alpha1
                    kind: Workflow
                    spec:
                      entrypoint: main
                      arguments: {parameters: [{name: target}]}
                      templates:
                        - name: main
                          script:
                            image: bash
                            command: [bash]
                            source: |
                              set -euo pipefail
                              # both, one after the other
                              kubectl rollout restart deployment/{{workflow.parameters.target}}
                              kubectl rollout restart sts/{{workflow.parameters.target}}-db
                parameters:
                  - {src: {dependencyName: push, dataKey: attributes.service}, dest: spec.arguments.parameters.0.value}
      """
    guard case .fires(let firings)? = outcome(sensor) else {
      Issue.record("it does not fire")
      return
    }
    #expect(
      firings.map(\.action) == [
        .restart(kind: "Deployment", namespace: "ops", name: "api"),
        .restart(kind: "StatefulSet", namespace: "ops", name: "api-db"),
      ])
  }

  private func load(script: String) -> (RuleSet, [Diagnostic]) {
    RealDialect.load(template: RealDialect.template(command: "[sh]", arguments: "[-c, \"\(script)\"]"))
  }

  /// Templates often wait for the rollout, so that the Workflow fails where it does.
  @Test func passesOverAWaitForTheRolloutAtTheEnd() {
    let (rules, diagnostics) = load(script: "set -e; \(restarts) && \(waits); \(waits)")
    let event = Samples.event(Samples.insert("latest"), attributes: [.init(name: "service", value: "web")])
    guard case .fires(let firings)? = rules.evaluate(event, workloads: []).first?.outcome else {
      Issue.record("it does not fire: \(diagnostics)")
      return
    }
    #expect(firings.map(\.action) == [.restart(kind: "Deployment", namespace: "shop", name: "web")])
    #expect(diagnostics.count { $0.code == "no-effect" && $0.description.contains("kubernetes.watchRollouts") } == 1)
  }

  @Test(arguments: [
    ("\(waits) && \(restarts)", "\"kubectl rollout status\" stands before a restart"),
    ("\(restarts) && \(waits) && kubectl rollout restart deployment/api", "\"kubectl rollout status\" stands before a restart"),
    (waits, "it runs no \"kubectl rollout restart\""), ("echo done", "it runs no \"kubectl rollout restart\""),
  ])
  func aWaitBeforeARestartNeedsAWorkflow(script: String, reason: String) {
    let (_, diagnostics) = load(script: script)
    #expect(diagnostics.contains { $0.code == "needs-workflow" && $0.description.contains(reason) }, "\(diagnostics)")
  }

  @Test(arguments: [
    ("", "the Deployment name \"\" is refused: it is empty"),
    ("a b", "the Deployment name \"a b\" is refused: it is not a DNS-1123"),
    ("web --all", "the Deployment name \"web --all\" is refused"), ("../x", "the Deployment name \"../x\" is refused"),
    ("Web", "the Deployment name \"Web\" is refused"), ("{{inputs.parameters.namespace}}", "still has {{"),
    (String(repeating: "a", count: 254), "is refused: it is longer than 253 characters"),
  ])
  func refusesNamesThatAreNoNames(value: String, reason: String) {
    let template = RealDialect.template(arguments: #"[rollout, restart, deployment, "{{inputs.parameters.target}}"]"#)
    let (rules, _) = RealDialect.load(template: template)
    let event = Samples.event(Samples.insert("latest"), attributes: [.init(name: "service", value: value)])
    guard case .failed(let message)? = rules.evaluate(event, workloads: []).first?.outcome else {
      Issue.record("it did not fail")
      return
    }
    #expect(message.contains(reason))
  }

  @Test func reportsAParameterThatIsNotInTheEvent() {
    let (rules, _) = RealDialect.load()
    #expect(
      Samples.outcomes(rules, Samples.insert("latest")) == [
        .failed(
          "unable to resolve 'push' parameter value for spec.arguments.parameters.0.value: attributes.service is not in the event"
        )
      ])
  }

  @Test(arguments: [("v1", "v1"), (nil, "none")])
  func usesTheDefaultOfAParameterThatIsNotInTheEvent(tag: String?, expected: String) {
    let parameters = "[{src: {dependencyName: push, dataKey: $.tag, value: none}, dest: parameters.tag}]"
    let all = [
      Firing.Parameter(name: "target", value: "web"), Firing.Parameter(name: "namespace", value: "apps"),
      Firing.Parameter(name: "tag", value: expected),
    ]
    #expect(outcome(RealDialect.sensor(parameters: parameters), body: Samples.insert(tag)) == restart("web", "apps", all))
  }

  @Test func refusesAValueOutsideItsEnum() {
    let template = RealDialect.template(parameters: "[{name: target, enum: [web, shop]}, {name: namespace, value: apps}]")
    #expect(
      outcome(RealDialect.sensor(), template: template)
        == .failed("parameter target is \"api\"; it must be one of \"web\", \"shop\""))
  }

  @Test func explainsWhyAnEventIsNotWanted() {
    let data = #"[{path: body.tag, type: string, value: [":v1$", ":v2$"]}]"#
    let rejection = Rejection(
      clause: "data", path: "body.tag", actual: "\(Samples.front):latest", wanted: #"= ":v1$" or ":v2$""#)
    #expect(outcome(RealDialect.sensor(data: data)) == .rejected(rejection))
    #expect("\(rejection)" == #"data filter on body.tag: wanted = ":v1$" or ":v2$", got "\#(Samples.front):latest""#)
  }

  @Test func saysWhenThePathOfAFilterIsMissing() {
    let data = #"[{path: body.tag, type: string, value: [":v1$"]}]"#
    #expect(
      outcome(RealDialect.sensor(data: data), body: Samples.insert(nil))
        == .rejected(
          Rejection(clause: "data", path: "body.tag", wanted: #"= ":v1$""#, problem: "path 'body.tag' does not exist")))
  }

  @Test func keepsFullReferencesInRealPaths() {
    // The seed's `$.digest` tries the digest alone as well; `body.digest` is what the registry wrote, as in Argo.
    let data = #"[{path: body.digest, type: string, value: ["^sha256:"]}]"#
    guard case .rejected? = outcome(RealDialect.sensor(data: data)) else {
      Issue.record("it is not rejected")
      return
    }
  }

  @Test func explainsThatTheEmptyPatternMatchesEverything() {
    let data = #"[{path: body.digest, type: string, comparator: "!=", value: [""]}]"#
    let (rules, diagnostics) = RealDialect.load(RealDialect.sensor(data: data))
    let sentence =
      "one of data filters is not valid (value must be not empty): the regular expression \"\" matches every text, "
      + "so \"!=\" would drop every event"
    #expect(diagnostics.first { $0.severity == .error }?.message == sentence)
    guard case .rejected(let rejection)? = Samples.outcomes(rules, Samples.insert("latest")).first else {
      Issue.record("it is not rejected")
      return
    }
    #expect(rejection.clause == "trigger")
    #expect(rejection.problem?.hasSuffix(sentence) == true)
  }

  @Test func cutsTheActualValue() {
    let rejection = Rejection(clause: "data", actual: String(repeating: "é", count: 100))
    #expect(rejection.actual == String(repeating: "é", count: 40) + "…")
  }

  @Test(
    arguments: [
      ("gar", nil, ["registry.images"]), ("images", nil, ["registry.images"]), ("registry.images", nil, ["registry.images"]),
      ("x", "projects/p/subscriptions/rollout-hook", ["registry.images"]),
    ] as [(String, String?, [String])])
  func bindsEverySourceToTheOnlyEvent(source: String, subscription: String?, expected: [String]) {
    let (rules, _) = RealDialect.load()
    guard case .bound(let definitions) = rules.binding(source: source, subscription: subscription) else {
      Issue.record("unbound")
      return
    }
    #expect(definitions.map(\.name.description) == expected)
  }

  @Test func saysWhichEventsThereAreWhenAPushBelongsToNone() {
    let second = RealDialect.eventSource.replacing("registry", with: "other").replacing("rollout-hook", with: "hook-2")
    let (rules, _) = RuleSet.load(files: [
      Samples.file(RealDialect.eventSource + RealDialect.template() + RealDialect.sensor()),
      Samples.file(second, name: "other.yaml"),
    ])
    #expect(
      Samples.outcomes(rules, Samples.insert("latest"), source: "gar") == [
        .rejected(
          Rejection(
            clause: "binding",
            problem: "no event is named \"gar\" and none has the subscription \"\"; there is other.images (subscription hook-2), "
              + "registry.images (subscription rollout-hook)"))
      ])
    #expect(rules.binding(source: "gar", subscription: "projects/p/subscriptions/hook-2") == .bound(rules.eventSources[0].events))
    #expect(
      Samples.outcomes(rules, Samples.insert("latest"), source: "other.images") == [
        .rejected(Rejection(clause: "binding", path: "push", actual: "other.images", wanted: "registry.images"))
      ])
  }
}
