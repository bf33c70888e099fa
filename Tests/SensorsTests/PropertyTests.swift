import Events
import Sensors
import TestSupport
import Testing

@Suite struct PropertyTests {
  private static let clauses = [
    #"{path: body.action, type: string, value: ["INSERT"]}"#, #"{path: body.tag, type: string, value: [":latest$", ":v1$"]}"#,
    #"{path: body.tag, type: string, comparator: "!=", value: [":v1$"]}"#,
    #"{path: body.size, type: number, comparator: ">=", value: ["5"]}"#,
    #"{path: body.size, type: number, comparator: "<", value: ["7"]}"#, #"{path: body.signed, type: bool, value: ["true"]}"#,
    #"{path: $.tag, type: string, value: ["^latest$"]}"#, #"{path: $.digest, type: string, value: ["^sha256:"]}"#,
    #"{path: attributes.service, type: string, value: ["^web"]}"#, #"{path: body.missing, type: string, value: ["x"]}"#,
  ]

  private static func bodies(_ generator: inout SplitMix) -> [String] {
    (0..<12).map { _ in
      var members: [String] = []
      let action = ["INSERT", "DELETE", "REINSERTED"].randomElement(using: &generator) ?? ""
      members.append(#""action":"\#(action)""#)
      if Bool.random(using: &generator) {
        members.append(#""tag":"\#(Samples.front):\#(Bool.random(using: &generator) ? "latest" : "v1")""#)
      }
      if Bool.random(using: &generator) { members.append(#""digest":"\#(Samples.front)@\#(Samples.digest)""#) }
      if Bool.random(using: &generator) { members.append(#""size":\#(Int.random(in: 0..<10, using: &generator))"#) }
      if Bool.random(using: &generator) { members.append(#""signed":\#(Bool.random(using: &generator))"#) }
      return "{" + members.joined(separator: ",") + "}"
    }
  }

  private static func fires(_ rules: RuleSet, _ body: String) -> Bool {
    let event = Samples.event(body, attributes: [.init(name: "service", value: "web")])
    return rules.evaluate(event, workloads: []).contains { if case .fires = $0.outcome { true } else { false } }
  }

  private static func rules(_ clauses: some Sequence<String>) -> RuleSet {
    RealDialect.load(RealDialect.sensor(data: "[\(clauses.joined(separator: ", "))]")).0
  }

  @Test func anAddedFilterNeverMatchesMore() {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    var generator = SplitMix(seed: seed)
    for _ in 0..<60 {
      let chosen = Self.clauses.shuffled(using: &generator).prefix(Int.random(in: 1...3, using: &generator))
      let more = chosen + [Self.clauses.randomElement(using: &generator) ?? ""]
      let (fewer, all) = (Self.rules(chosen), Self.rules(more))
      for body in Self.bodies(&generator) {
        #expect(Self.fires(fewer, body) || !Self.fires(all, body), "seed \(seed): \(more) matches \(body), \(chosen) does not")
      }
    }
  }

  @Test func theOrderOfDependenciesIsIrrelevant() {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    var generator = SplitMix(seed: seed)
    for _ in 0..<40 {
      var dependencies = Self.clauses.shuffled(using: &generator).prefix(3).enumerated().map { index, clause in
        "    - {name: \(["push", "b", "c"][index]), eventSourceName: registry, eventName: images, filters: {data: [\(clause)]}}"
      }
      func load() -> RuleSet {
        let sensor = RealDialect.sensor(
          parameters:
            "[{src: {dependencyName: push, dataKey: body.action, value: x}, "
            + "dest: spec.arguments.parameters.0.value, operation: append}]"
        )
        let lines = sensor.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line -> [String] in
          if line.hasPrefix("    - {name: push") { return dependencies }
          return line.hasSuffix("name: restart") && line.hasPrefix("        ")
            ? [String(line), "        conditions: c || (push || b)"] : [String(line)]
        }
        let (rules, diagnostics) = RealDialect.load(lines.joined(separator: "\n"))
        #expect(diagnostics.filter { $0.severity == .error } == [])
        return rules
      }
      let first = load()
      dependencies.shuffle(using: &generator)
      let second = load()
      for body in Self.bodies(&generator) {
        #expect(Samples.outcomes(first, body) == Samples.outcomes(second, body), "seed \(seed): \(body)")
      }
    }
  }

  @Test func noDocumentAndNoMessageTrapsTheProcess() {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    var generator = SplitMix(seed: seed)
    let rules = RealDialect.eventSource + RealDialect.template() + RealDialect.sensor()
    let words = [
      "{", "}", "[", "]", ": ", "- ", "\n", "&a", "*a", "{{", "}}", "-1", "99999999999999999999", "null", "''", "$.", "#",
      "args: [-p]", "\u{0}",
      "value: ", "conditions: ", "parameters.", "rollout", "-n", "deployment/", "(", "\\",
    ]
    for _ in 0..<400 {
      var text = Array(rules.utf8)
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let start = Int.random(in: 0..<text.count, using: &generator)
        let end = min(text.count, start + Int.random(in: 0...12, using: &generator))
        text.replaceSubrange(start..<end, with: Array((words.randomElement(using: &generator) ?? "").utf8))
      }
      let loaded = RuleSet.load(files: [RuleFile(name: "r", bytes: text)]).0
      var body = Array(Samples.insert("latest").utf8)
      body[Int.random(in: 0..<body.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      let event = Samples.event(String(decoding: body, as: UTF8.self), attributes: [.init(name: "service", value: "web")])
      #expect(
        loaded.evaluate(event, workloads: [Samples.deployment]).allSatisfy { $0.generation == loaded.generation }, "seed \(seed)")
    }
  }
}
