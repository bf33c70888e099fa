@testable import Configuration
import Kubernetes
import Testing
import YAML

struct SettingsTests {
  private func read(_ text: String) throws(SettingsError) -> Settings {
    try Settings.read(Array(text.utf8), file: "/etc/relaunch/relaunch.yaml")
  }

  @Test func readsEverySetting() throws {
    let settings = try read(
      """
      state: /data/log
      rules: rules
      mapping: ../mapping
      listeners:
        push: {address: 10.0.0.1, port: 80}
        ops: {address: localhost, port: 0}
        admin: {address: 0.0.0.0, port: 65535, tokenFile: admin.token}
      sources:
        gar:
          authentication:
            issuer: [https://issuer.example.com, https://other.example.com]
            audience: https://hooks.example.com/push/gar
            email: [a@example.com, b@example.com]
            requireVerifiedEmail: false
            leeway: 30s
            algorithms: [RS256, ES256]
            keys: {file: keys.json}
          ack: completed
        local: {authentication: none}
      kubernetes:
        kubeconfig: kubeconfig
        context: staging
        namespaces: [default, backend-ns]
        callDeadline: 2s
        clockSkew: 500ms
      workers: 8
      dryRun: true
      retry: {attempts: 3, baseDelay: 10ms, maximumDelay: 1h}
      limits: {contentBytes: 1024, backlog: 5, history: 100, deadLetters: 7, connections: 9}
      logLevel: debug
      """)
    #expect(settings.state == "/data/log")
    #expect(settings.rules == "/etc/relaunch/rules")
    #expect(settings.mapping == "/etc/relaunch/../mapping")
    #expect(settings.push == ListenerSettings(address: "10.0.0.1", port: 80))
    #expect(settings.ops == ListenerSettings(address: "localhost", port: 0))
    #expect(settings.admin == ListenerSettings(address: "0.0.0.0", port: 65535))
    #expect(settings.adminTokenFile == "/etc/relaunch/admin.token")
    #expect(settings.sources.map(\.name) == ["gar", "local"])
    #expect(settings.sources.map(\.acknowledgement) == [.completed, .journaled])
    #expect(settings.sources[1].authentication == nil)
    let authentication = try #require(settings.sources[0].authentication)
    #expect(authentication.issuers == ["https://issuer.example.com", "https://other.example.com"])
    #expect(authentication.audiences == ["https://hooks.example.com/push/gar"])
    #expect(authentication.emails == ["a@example.com", "b@example.com"])
    #expect(authentication.requiresEmail && !authentication.requiresVerifiedEmail)
    #expect(authentication.leeway == .seconds(30))
    #expect(authentication.algorithms == ["RS256", "ES256"])
    #expect(authentication.keys == .file("/etc/relaunch/keys.json"))
    #expect(settings.kubernetes.kubeconfig == "/etc/relaunch/kubeconfig")
    #expect(settings.kubernetes.context == "staging")
    #expect(settings.kubernetes.namespaces == .only(["default", "backend-ns"]))
    #expect(settings.kubernetes.callDeadline == .seconds(2))
    #expect(settings.kubernetes.clockSkew == .milliseconds(500))
    #expect(settings.workers == 8 && settings.isDryRun)
    #expect(settings.retry.attempts == 3)
    #expect(settings.retry.baseDelay == .milliseconds(10))
    #expect(settings.retry.maximumDelay == .seconds(3600))
    let limits = settings.limits
    #expect(
      [limits.contentBytes, limits.backlog, limits.history, limits.deadLetters, limits.connections] == [1024, 5, 100, 7, 9])
    #expect(settings.logLevel == "debug")
  }

  @Test func readsWhoIsToldOfWhat() throws {
    let settings = try read(
      """
      deadLetters: {forward: {url: "https://other.example.com/push/dead", tokenFile: token, deadline: 2h}}
      notify:
        - {name: ops, urlFile: slack.url, on: [dead, rollout-failed]}
        - {name: pager.1, url: "https://pager.example.com/secret", format: json, headersFile: /etc/fields, deadline: 5m}
      """)
    let forward = try #require(settings.forward)
    guard case .url(let url) = forward.address else { return #expect(Bool(false), "no URL") }
    #expect(url.revealed == "https://other.example.com/push/dead")
    #expect(forward.tokenFile == "/etc/relaunch/token" && forward.deadline == .seconds(7200))
    #expect(settings.notify.map(\.name) == ["ops", "pager.1"])
    guard case .file("/etc/relaunch/slack.url") = settings.notify[0].address else { return #expect(Bool(false), "no file") }
    #expect(settings.notify.map(\.format) == [.slack, .json])
    #expect(settings.notify.map(\.kinds) == [[.dead, .rolloutFailed], [.dead, .recovered]])
    #expect(settings.notify.map(\.headersFile) == [nil, "/etc/fields"])
    #expect(settings.notify.map(\.deadline) == [.seconds(3600), .seconds(300)])
    #expect(!"\(settings)".contains("secret"), "a URL may be a password")
  }

  @Test(arguments: [
    ("notify: {url: 'https://a.example'}", "1:9: notify[0].name: is missing"),
    ("notify: [ops]", "1:10: notify[0]: must be a mapping"),
    ("notify: ops", "notify: must be a list of mappings"), ("notify: [{name: a b, url: u}]", "notify[0].name: must be letters"),
    ("notify: [{name: forward, url: u}]", "not forward"), ("notify: [{name: a}]", "notify[0].url: or urlFile is needed"),
    ("notify: [{name: a, url: secret, urlFile: f}]", "not both"),
    ("notify: [{name: a, url: u}, {name: a, url: u}]", "notify[1].name: two notifiers have this name"),
    ("notify: [{name: a, url: u, format: teams}]", "must be slack or json"),
    ("notify: [{name: a, url: u, on: []}]", "must be a list of dead, recovered, rollout-failed"),
    ("notify: [{name: a, url: u, on: [dead, gone]}]", "must be a list of dead"),
    ("notify: [{name: a, url: u, channel: b}]", "notify[0].channel: there is no such setting"),
    ("deadLetters: {forward: {}}", "deadLetters.forward.url: or urlFile"), ("deadLetters: {keep: 1}", "there is no such setting"),
  ])
  func refusesNotifiersWithPlaceAndReason(_ text: String, _ words: String) {
    let error = #expect(throws: SettingsError.self) { try read(text) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("secret") == false)
  }

  @Test(arguments: ["", "# nothing", "kubernetes:", "{}"]) func hasDefaultsThatAreSafe(_ text: String) throws {
    let settings = try read(text)
    #expect("\(settings)" == "\(Settings())")
    #expect(settings.admin.address == "127.0.0.1")
    #expect(settings.kubernetes.namespaces == .only(["default"]))
    #expect(settings.sources.isEmpty && !settings.isDryRun)
  }

  private static let keys = "keys: {inline: '{}'}"

  @Test func namesGoogleWhereNoIssuerIsNamed() throws {
    let settings = try read("sources: {gar: {authentication: {audience: a, email: b, \(Self.keys)}}}")
    let authentication = try #require(settings.sources.first?.authentication)
    #expect(authentication.issuers == ["https://accounts.google.com"])
    #expect(authentication.requiresEmail && authentication.requiresVerifiedEmail)
    #expect(authentication.algorithms == ["RS256"])
    #expect(authentication.keys == .inline("{}"))
  }

  @Test func takesAnyAccountOnlyByName() throws {
    let settings = try read("sources: {gar: {authentication: {audience: a, requireEmail: false, \(Self.keys)}}}")
    let authentication = try #require(settings.sources.first?.authentication)
    #expect(!authentication.requiresEmail && authentication.emails.isEmpty)
  }

  @Test func allowsAllNamespacesByAStar() throws {
    #expect(try read("kubernetes: {namespaces: '*'}").kubernetes.namespaces == .all)
  }

  @Test(arguments: [
    // Unknown settings.
    ("worker: 3", "1:1: worker: there is no such setting"),
    ("state: s\nlimits:\n  backlogs: 1", "3:3: limits.backlogs: there is no such"),
    ("listeners: {http: {port: 1}}", "1:13: listeners.http: there is no such"),
    ("listeners: {push: {tokenFile: t}}", "1:20: listeners.push.tokenFile: there is no such"),
    ("sources: {gar: {authentication: none, acks: journaled}}", "1:39: sources.gar.acks: there is no such"),
    // Wrong types and values.
    ("[]", "1:1: the file: must be a mapping"), ("workers: many", "1:10: workers: must be a whole number from 1 to 256"),
    ("workers: 0", "1:10: workers:"), ("workers: '4'", "1:10: workers:"), ("dryRun: 1", "1:9: dryRun: must be true or false"),
    ("state: [a]", "1:8: state: must be a text"), ("state: ''", "1:8: state:"), ("limits: 3", "1:9: limits: must be a mapping"),
    ("listeners: {push: {port: 65536}}", "1:26: listeners.push.port:"), ("logLevel: loud", "1:11: logLevel: must be debug"),
    ("retry: {baseDelay: 0ms}", "1:20: retry.baseDelay: must be a duration"),
    ("retry: {baseDelay: 1d}", "1:20: retry.baseDelay:"),
    ("retry: {baseDelay: 99999999999s}", "1:20: retry.baseDelay:"), ("retry: {baseDelay: -1s}", "1:20: retry.baseDelay:"),
    ("kubernetes: {namespaces: []}", "1:26: kubernetes.namespaces: is empty"),
    ("kubernetes: {namespaces: [[a]]}", "1:27: kubernetes.namespaces: must be a list of texts"),
    ("kubernetes: {namespaces: ''}", "1:26: kubernetes.namespaces:"),
    // Sources.
    ("sources: {gar: }", "sources.gar: needs at least `authentication`"),
    ("sources: {gar: {ack: journaled}}", "sources.gar.authentication: is missing"),
    ("sources: {gar: {authentication: any}}", "sources.gar.authentication: must be a mapping"),
    ("sources: {gar: {authentication: none, ack: later}}", "sources.gar.ack: must be journaled or completed"),
    ("sources: {a/b: {authentication: none}}", "a source's name is part of its URL"),
    ("sources: {gar: {authentication: {email: b, \(keys)}}}", "sources.gar.authentication.audience: is missing"),
    ("sources: {gar: {authentication: {audience: '', email: b, \(keys)}}}", "sources.gar.authentication.audience:"),
    ("sources: {gar: {authentication: {audience: [], email: b, \(keys)}}}", "sources.gar.authentication.audience: is missing"),
    ("sources: {gar: {authentication: {audience: a, \(keys)}}}", "sources.gar.authentication.email: is missing"),
    ("sources: {gar: {authentication: {audience: a, email: '', \(keys)}}}", "sources.gar.authentication.email:"),
    ("sources: {gar: {authentication: {audience: a, email: [b, ''], \(keys)}}}", "sources.gar.authentication.email:"),
    ("sources: {gar: {authentication: {audience: a, email: b, algorithms: [HS256], \(keys)}}}", "algorithms: must be RS256"),
    ("sources: {gar: {authentication: {audience: a, email: b, leeway: 1h, \(keys)}}}", "leeway: must be a duration"),
    ("sources: {gar: {authentication: {audience: a, email: b}}}", "keys: is missing"),
    ("sources: {gar: {authentication: {audience: a, email: b, keys: {}}}}", "keys: must be {url: …}"),
    ("sources: {gar: {authentication: {audience: a, email: b, keys: {url: u, file: f}}}}", "keys.file: there is no such"),
    // Not one document.
    ("a: 1\n---\nb: 2", "3:1: the file: must be one YAML document"), ("a: [", "relaunch.yaml:"),
    ("state: a\nstate: b", "2:1: the key"),
  ])
  func refusesWithPlaceAndReason(_ text: String, _ words: String) throws {
    do throws(SettingsError) {
      _ = try read(text)
      Issue.record("it was accepted")
    } catch {
      #expect("\(error)".hasPrefix("/etc/relaunch/relaunch.yaml:") && "\(error)".contains(words), "\(error)")
    }
  }

  @Test(
    arguments: [
      ("10s", .seconds(10)), ("250ms", .milliseconds(250)), ("5m", .seconds(300)), ("24h", .seconds(86_400)), ("7", .seconds(7)),
      ("0s", .zero), ("", nil), ("s", nil), ("1.5s", nil), ("1 s", nil), ("-1s", nil), ("1S", nil), ("٣s", nil),
      ("1000000000s", nil),
    ] as [(String, Duration?)])
  func readsDurations(_ text: String, _ duration: Duration?) { #expect(SettingsReader.duration(text) == duration) }

  @Test func saysThatThereIsNoFile() throws {
    #expect(throws: SettingsError.unreadable(path: "/nowhere/relaunch.yaml", reason: "there is no such file")) {
      try Settings.load("/nowhere/relaunch.yaml")
    }
  }

  @Test func findsRelativePathsBesideTheFile() throws {
    let directory = try TemporaryDirectory()
    try directory.write("state: log", to: "relaunch.yaml")
    #expect(try Settings.load("\(directory.path)/relaunch.yaml").state == "\(directory.path)/log")
    #expect(try Settings.read(Array("state: log".utf8), file: "relaunch.yaml").state == "log")
  }
}
