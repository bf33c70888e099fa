import Events
import JSON
import Sensors
import TestSupport
import Testing
import YAML

// The seed stands beside the checkout and is never committed.
@Suite(.enabled(if: SharedData.isPresent, "the seed is not beside this checkout"))
struct SeedTests {
  @Test func loadsVerbatimWithExactlyTheKnownRemarks() throws {
    let (rules, diagnostics) = RuleSet.load(files: try Seed.files())
    let codes = Set(diagnostics.map(\.code)).sorted()
    #expect(codes == ["B1.1", "B1.3", "B1.4", "B2.1", "B2.2", "B2.3", "B2.4", "B2.5", "B2.7", "B2.8", "B3.2", "B3.3", "B3.4"])
    #expect(diagnostics.filter { $0.severity == .error } == [])
    #expect(rules.sensors.map(\.name) == ["deployment-restart-sensor"])
    #expect(rules.configMaps.map(\.document["metadata"]?["name"]?.string) == ["deployment-mapping-cache"])
    #expect(rules.configMaps.first?.document["data"]?["my-app-frontend"]?["namespace"]?.string == "default")
  }

  @Test func printsRemarksAsCompilersDo() throws {
    let (_, diagnostics) = RuleSet.load(files: try Seed.files())
    #expect(
      diagnostics.first.map { "\($0)" }
        == "seed-0.yaml:7:3: warning: spec.serviceAccountName is not a field of an EventSource; nothing here needs it; "
        + "write spec.template.serviceAccountName for Argo [B1.3]")
  }

  @Test func restartsExactlyTheMappedDeployment() throws {
    let (rules, _) = RuleSet.load(files: try Seed.files())
    let verdicts = rules.evaluate(Samples.event(Samples.insert("latest")), workloads: [Samples.deployment])
    let firing = Firing(
      sensor: "deployment-restart-sensor", trigger: "deploy-restart-workflow",
      action: .restart(kind: "Deployment", namespace: "default", name: "frontend-deployment"),
      parameters: [
        .init(name: "image-tag", value: "latest"), .init(name: "image-name", value: "my-app-frontend"),
        .init(name: "target-deployment", value: "frontend-deployment"),
      ])
    #expect(
      verdicts == [
        Verdict(
          sensor: "deployment-restart-sensor", trigger: "deploy-restart-workflow", outcome: .fires([firing]),
          generation: rules.generation)
      ])
  }

  @Test func restartsEachWorkloadOfTheImageInItsOwnNamespace() throws {
    let (rules, _) = RuleSet.load(files: try Seed.files())
    let workloads = [Samples.deployment, Workload(kind: "StatefulSet", namespace: "backend-ns", name: "backend-service")]
    #expect(
      Samples.actions(rules, Samples.insert("latest"), workloads) == [
        .restart(kind: "Deployment", namespace: "default", name: "frontend-deployment"),
        .restart(kind: "StatefulSet", namespace: "backend-ns", name: "backend-service"),
      ])
  }

  @Test func aKindThatTheTemplateNamesIsNotTheMappingsToChange() throws {
    let files = try Seed.files().map { file in
      let text = String(decoding: file.bytes, as: UTF8.self).replacing("deployment/{{", with: "statefulset/{{")
      return RuleFile(name: file.name, bytes: Array(text.utf8))
    }
    let (rules, _) = RuleSet.load(files: files)
    #expect(
      Samples.actions(rules, Samples.insert("latest"), [Samples.deployment]) == [
        .restart(kind: "StatefulSet", namespace: "default", name: "frontend-deployment")
      ])
  }

  @Test func saysWhatToAddWhenTheImageIsNotMapped() throws {
    let (rules, _) = RuleSet.load(files: try Seed.files())
    #expect(
      Samples.outcomes(rules, Samples.insert("latest"), []) == [
        .failed(
          "unable to resolve 'gcr-event-dependency' parameter value for parameters.target-deployment: no workload is known "
            + "for the image \"\(Samples.front):latest\"; add its key \"my-app-frontend\" with deploymentName "
            + "and namespace to the mapping"
        )
      ])
  }

  @Test func letsTheMessageNameTheServiceItself() throws {
    let (rules, _) = RuleSet.load(files: try Seed.files())
    let body = #"{"action":"INSERT","digest":"\#(Samples.digest)","tag":"v7","name":"api","serviceName":"api-deployment"}"#
    #expect(
      Samples.actions(rules, body, [Samples.deployment]) == [
        .restart(kind: "Deployment", namespace: "default", name: "api-deployment")
      ])
  }

  @Test func neverRestartsForAMessageWithoutATag() throws {
    let (rules, _) = RuleSet.load(files: try Seed.files())
    #expect(
      Samples.outcomes(rules, Samples.insert(nil), [Samples.deployment]) == [
        .failed(
          "unable to resolve 'gcr-event-dependency' parameter value for parameters.image-tag: $.tag is neither in the "
            + "message nor known from its image")
      ])
  }

  @Test(arguments: [
    (#"{"action":"DELETE","tag":"\#(Samples.front):latest"}"#, "action", "DELETE"),
    (#"{"action":"UPDATE","digest":"\#(Samples.front)@\#(Samples.digest)"}"#, "data", "UPDATE"),
    (#"{"action":"INSERT","digest":"md5:1"}"#, "data", "md5:1"),
  ])
  func refusesWhatIsNoPush(body: String, clause: String, actual: String) throws {
    let (rules, _) = RuleSet.load(files: try Seed.files())
    guard case .rejected(let rejection)? = Samples.outcomes(rules, body, [Samples.deployment]).first else {
      Issue.record("it was not rejected")
      return
    }
    #expect(rejection.clause == clause)
    #expect(rejection.actual == actual)
  }

  @Test func makesADeadLetterOfAMessageThatIsNotJSON() throws {
    let (rules, _) = RuleSet.load(files: try Seed.files())
    guard case .failed(let reason)? = Samples.outcomes(rules, "not json", [Samples.deployment]).first else {
      Issue.record("it did not fail")
      return
    }
    #expect(reason.hasPrefix("gcr-events.gcr-topic says jsonBody: true, but the message's content is not JSON: "))
  }
}

@Suite struct DerivedViewTests {
  /// What a `$.` path leads to, shown by a trigger that appends it to a parameter.
  private func value(of path: String, body: String, attributes: [PubSubMessage.Attribute] = []) -> String? {
    let parameters = "[{src: {dependencyName: push, dataKey: '\(path.replacing("'", with: "''"))'}, dest: parameters.seen}]"
    let (rules, _) = RealDialect.load(RealDialect.sensor(parameters: parameters))
    let event = Samples.event(body, attributes: attributes, subscription: "projects/p/subscriptions/hook")
    guard case .fires(let firings)? = rules.evaluate(event, workloads: [Samples.deployment]).first?.outcome else { return nil }
    return firings.first?.parameters.first { $0.name == "seen" }?.value
  }

  @Test(arguments: [
    ("$.action", "INSERT"), ("$.host", "us-docker.pkg.dev"), ("$.project", "acme-prod"), ("$.repository", "apps"),
    ("$.image", Samples.front), ("$.name", "my-app-frontend"), ("$.path", "acme-prod/apps/my-app-frontend"), ("$.tag", "v1"),
    ("$.digest", Samples.digest), ("$.reference", "\(Samples.front):v1"),
    ("$.digestReference", "\(Samples.front)@\(Samples.digest)"),
    ("$.messageId", "1"), ("$.publishTime", "2026-05-04T09:19:37.000Z"), ("$.subscription", "projects/p/subscriptions/hook"),
    ("$.attributes.team", "shop"), ("$.team", "shop"), ("$.serviceName", "frontend-deployment"),
  ])
  func knowsWhatTheRegistryDoesNotSay(path: String, expected: String) {
    #expect(value(of: path, body: Samples.insert("v1"), attributes: [.init(name: "team", value: "shop")]) == expected)
  }

  @Test(arguments: [("$.name", "own"), ("$.team", "body"), ("$.nested.list[1].x", "2"), ("$.nested['list'][0]", "first")])
  func prefersWhatTheMessageSays(path: String, expected: String) {
    let body =
      #"{"action":"INSERT","digest":"\#(Samples.front)@\#(Samples.digest)","name":"own","team":"body","#
      + #""nested":{"list":["first",{"x":2}]}}"#
    #expect(value(of: path, body: body, attributes: [.init(name: "team", value: "shop")]) == expected)
  }

  @Test func doesNotRestartForASignature() {
    let (rules, _) = RealDialect.load()
    let tag = Samples.digest.replacing(":", with: "-") + ".sig"
    #expect(
      Samples.outcomes(rules, Samples.insert(tag)) == [
        .rejected(Rejection(clause: "action", path: "tag", actual: tag, wanted: "an image, not the signature of one"))
      ])
  }
}
