import JSON

/// What `kubectl rollout restart …` restarts, read from its words before any parameter is known.
struct RestartCommand: Hashable, Sendable {
  struct Target: Hashable, Sendable {
    /// `Deployment`, `StatefulSet` or `DaemonSet`.
    let kind: String
    let name: ArgumentWord
  }

  let targets: [Target]

  /// The word after `-n`; nil leaves the namespace to the run.
  let namespace: ArgumentWord?

  /// Reads a whole command line, `kubectl` included.
  ///
  /// kubectl would restart every workload of a namespace when only a type is given; that form is refused.
  init(_ words: [String]) throws(NotNative) {
    guard Self.isKubectl(words) else {
      throw NotNative("it runs \((words.first ?? "").quoted(limit: 60)), not kubectl")
    }
    var options = Options()
    try options.read(Array(words.dropFirst()))
    guard options.positionals.prefix(2).map(\.literal) == ["rollout", "restart"] else {
      let verb = options.positionals.prefix(2).map { $0.literal ?? "{{…}}" }.joined(separator: " ")
      throw NotNative("only \"kubectl rollout restart\" runs here, not \(("kubectl " + verb).quoted(limit: 60))")
    }
    namespace = options.namespace
    targets = try Self.targets(Array(options.positionals.dropFirst(2)))
  }

  /// Whether `words` are `kubectl rollout status …`, which only waits and tells.
  static func isStatus(_ words: [String]) -> Bool {
    guard isKubectl(words), let verb = words.firstIndex(of: "rollout") else { return false }
    return words[(verb + 1)...].first == "status"
  }

  private static func isKubectl(_ words: [String]) -> Bool {
    words.first.map { $0 == "kubectl" || $0.hasSuffix("/kubectl") } ?? false
  }

  private static func targets(_ words: [ArgumentWord]) throws(NotNative) -> [Target] {
    guard let first = words.first else { throw NotNative("\"kubectl rollout restart\" names no resource") }
    if first.splitAtSlash != nil {
      var targets: [Target] = []
      for word in words {
        guard let (type, name) = word.splitAtSlash else {
          throw NotNative("TYPE/NAME and TYPE NAME are mixed; kubectl refuses that")
        }
        targets.append(Target(kind: try kind(type), name: name))
      }
      return targets
    }
    guard let types = first.literal else { throw NotNative("the resource type is a parameter") }
    guard words.count > 1 else {
      throw NotNative("\(types.quoted(limit: 40)) without a name would restart every one in the namespace")
    }
    var targets: [Target] = []
    for type in types.split(separator: ",", omittingEmptySubsequences: false) {
      let kind = try kind(String(type))
      for name in words.dropFirst() {
        guard name.splitAtSlash == nil else { throw NotNative("TYPE/NAME and TYPE NAME are mixed; kubectl refuses that") }
        targets.append(Target(kind: kind, name: name))
      }
    }
    return targets
  }

  private static func kind(_ word: String) throws(NotNative) -> String {
    switch word.lowercased() {
    case "deploy", "deployment", "deployments", "deployment.apps", "deployments.apps", "deployment.v1.apps",
      "deployments.v1.apps":
      return "Deployment"
    case "sts", "statefulset", "statefulsets", "statefulset.apps", "statefulsets.apps", "statefulset.v1.apps",
      "statefulsets.v1.apps":
      return "StatefulSet"
    case "ds", "daemonset", "daemonsets", "daemonset.apps", "daemonsets.apps", "daemonset.v1.apps", "daemonsets.v1.apps":
      return "DaemonSet"
    default: throw NotNative("it restarts \(word.quoted(limit: 40)), which is not a Deployment, StatefulSet or DaemonSet")
    }
  }

  /// kubectl's options and positional words; options may stand anywhere before `--`.
  private struct Options {
    var positionals: [ArgumentWord] = []
    var namespace: ArgumentWord?

    mutating func read(_ words: [String]) throws(NotNative) {
      var index = 0
      while index < words.count {
        let word = words[index]
        index += 1
        if word == "--" {
          for rest in words[index...] { positionals.append(try ArgumentWord(rest)) }
          return
        }
        guard word.hasPrefix("-"), word != "-" else {
          positionals.append(try ArgumentWord(word))
          continue
        }
        let (name, attached) = Self.split(word)
        switch name {
        case "-n", "--namespace":
          if let attached {
            namespace = try ArgumentWord(attached)
          } else {
            guard index < words.count else { throw NotNative("\(name) has no value") }
            namespace = try ArgumentWord(words[index])
            index += 1
          }
        case "-v", "--v", "-o", "--output", "--field-manager", "--request-timeout":
          if attached == nil { index += 1 }
        default: throw NotNative("kubectl's option \(name.quoted(limit: 40)) is not known here")
        }
      }
    }

    /// `--name=value` and `-nvalue` in two; the value is nil when it is the next word.
    private static func split(_ word: String) -> (name: String, value: String?) {
      if word.hasPrefix("--") {
        guard let equals = word.firstIndex(of: "=") else { return (word, nil) }
        return (String(word[..<equals]), String(word[word.index(after: equals)...]))
      }
      let value = word.dropFirst(2)
      guard !value.isEmpty else { return (word, nil) }
      return (String(word.prefix(2)), String(value.first == "=" ? value.dropFirst() : value))
    }
  }
}
