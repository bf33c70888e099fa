import Testing

@testable import Sensors

@Suite struct RestartCommandTests {
  @Test(
    arguments: [
      (["kubectl", "rollout", "restart", "deployment/web"], ["Deployment web"]),
      (["kubectl", "rollout", "restart", "deploy", "web", "api"], ["Deployment web", "Deployment api"]),
      (["/usr/bin/kubectl", "rollout", "restart", "sts/db", "daemonset/log"], ["StatefulSet db", "DaemonSet log"]),
      (["kubectl", "-n", "apps", "rollout", "restart", "deployments.apps", "web"], ["apps Deployment web"]),
      (["kubectl", "rollout", "restart", "deployment", "web", "--namespace=apps"], ["apps Deployment web"]),
      (["kubectl", "rollout", "-napps", "restart", "--", "deployment", "web"], ["apps Deployment web"]),
      (["kubectl", "rollout", "restart", "deploy,sts", "web"], ["Deployment web", "StatefulSet web"]),
    ] as [([String], [String])])
  func readsWhatKubectlWouldRestart(words: [String], expected: [String]) throws {
    let command = try RestartCommand(words)
    let namespace = command.namespace?.literal.map { $0 + " " } ?? ""
    #expect(command.targets.map { "\(namespace)\($0.kind) \($0.name.literal ?? "?")" } == expected)
  }

  @Test(
    arguments: [
      (["kubectl", "rollout", "restart", "deployment"], "without a name would restart every one"),
      (["kubectl", "rollout", "restart"], "names no resource"), (["kubectl", "apply", "-f", "x"], "option \"-f\""),
      (["kubectl", "delete", "deployment", "web"], "not \"kubectl delete deployment\""), (["helm", "upgrade"], "runs \"helm\""),
      ([], "runs \"\""),
      (["kubectl", "rollout", "restart", "deployment/web", "api"], "are mixed"),
      (["kubectl", "rollout", "restart", "deployment", "sts/api"], "are mixed"),
      (["kubectl", "rollout", "restart", "pod/web"], "restarts \"pod\""),
      (["kubectl", "rollout", "restart", "deployment", "-l", "app=web"], "option \"-l\""),
      (["kubectl", "rollout", "restart", "deployment/{{pod.name}}"], "tag {{pod.name}}"),
      (["kubectl", "rollout", "restart", "{{inputs.parameters.kind}}", "web"], "type is a parameter"),
      (["kubectl", "rollout", "restart", "deployment/web", "-n"], "-n has no value"),
      (["kubectl", "rollout", "status", "deployment/web"], "only \"kubectl rollout restart\""),
    ] as [([String], String)])
  func neverGuesses(words: [String], reason: String) {
    #expect { try RestartCommand(words) } throws: { ($0 as? NotNative)?.reason.contains(reason) == true }
  }
}

@Suite struct ShellWordsTests {
  @Test(
    arguments: [
      (
        "#!/bin/sh\nset -e\n# why\nkubectl rollout  restart 'deployment/web'\n",
        [["set", "-e"], ["kubectl", "rollout", "restart", "deployment/web"]]
      ),
      ("a \"b c\" d\\ e; f && g", [["a", "b c", "d e"], ["f"], ["g"]]),
      ("a {{ inputs.parameters.x }}b", [["a", "{{inputs.parameters.x}}b"]]),
      ("a \\\n  b", [["a", "b"]]), ("a ''", [["a", ""]]), ("", []),
    ] as [(String, [[String]])])
  func cutsPlainCommandsIntoWords(script: String, expected: [[String]]) throws {
    #expect(try ShellWords.commands(in: script) == expected)
  }

  @Test(arguments: [
    "a $x", "a `b`", "a | b", "a > b", "a &", "a *", "(a)", "a 'b", "a \"b", "a \"$x\"", "a {{x", "a\\", "if [ a ]; then b; fi",
    "a{b,c}",
  ])
  func refusesWhatNeedsAShell(script: String) {
    #expect(throws: NotNative.self) { try ShellWords.commands(in: script) }
  }
}
