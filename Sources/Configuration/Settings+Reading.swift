import FoundationEssentials
import Kubernetes
import JSON
import YAML

extension Settings {
  /// Reads the configuration file at `path`. Relative paths in it are relative to its directory.
  package static func load(_ path: String) throws(SettingsError) -> Settings {
    let bytes: [UInt8]
    do {
      bytes = Array(try Data(contentsOf: URL(filePath: path)))
    } catch {
      throw .unreadable(path, wanted: "file", error)
    }
    return try read(bytes, file: path)
  }

  /// - Parameter file: the file's path, for messages and for what is relative to it.
  package static func read(_ bytes: [UInt8], file: String) throws(SettingsError) -> Settings {
    let documents: [YAMLNode]
    do throws(YAMLError) { documents = try YAMLStream.parse(bytes) } catch { throw .malformed(file: file, error) }
    guard documents.count <= 1 else {
      throw .invalid(file: file, at: documents[1].position, path: "the file", problem: "must be one YAML document")
    }
    let root = documents.first ?? YAMLNode(.scalar(text: "", value: .null), at: YAMLPosition(line: 1, column: 1))
    var reader = try SettingsReader(file: file, root)
    var settings = Settings()
    try settings.read(&reader, Paths(file: file))
    try reader.finish()
    return settings
  }

  private mutating func read(_ reader: inout SettingsReader, _ paths: Paths) throws(SettingsError) {
    state = paths.resolve(try reader.string("state") ?? state)
    rules = paths.resolve(try reader.string("rules") ?? rules)
    mapping = paths.resolve(try reader.string("mapping") ?? mapping)
    if var listeners = try reader.section("listeners") {
      if var section = try listeners.section("push") {
        push.dispatchLog = try section.string("dispatchLog").map(paths.resolve)
        try push.read(section, paths)
      }
      if let section = try listeners.section("ops") { try ops.read(section, paths) }
      if var section = try listeners.section("admin") {
        adminTokenFile = try section.string("tokenFile").map(paths.resolve)
        try admin.read(section, paths)
      }
      try listeners.finish()
    }
    if var section = try reader.section("sources") {
      for name in section.names {
        guard let source = try section.section(name) else {
          throw section.problem(name, nil, "needs at least `authentication`")
        }
        sources.append(try SourceSettings(name: name, source, paths, section.value(name)))
      }
    }
    if let section = try reader.section("kubernetes") { try kubernetes.read(section, paths) }
    workers = try reader.int("workers", in: 1...256) ?? workers
    isDryRun = try reader.bool("dryRun") ?? isDryRun
    if let section = try reader.section("retry") { try retry.read(section) }
    if let section = try reader.section("limits") { try limits.read(section) }
    if let section = try reader.section("log") { try log.read(section) }
    if let section = try reader.section("stop") { try stop.read(section) }
    try readNotifiers(&reader, paths)
    if let level = try reader.string("logLevel") {
      guard ["debug", "info", "warning", "error"].contains(level) else {
        throw reader.problem("logLevel", reader.value("logLevel"), "must be debug, info, warning or error")
      }
      logLevel = level
    }
  }
}

extension Settings {
  /// What may name a part of a URL or of a metric.
  static func isName(_ name: String) -> Bool {
    let isPlain = name.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 46 || byte == 95
    }
    return isPlain && !name.isEmpty && name.utf8.count <= 63
  }
}

/// Where relative paths start.
struct Paths {
  private let directory: String

  init(file: String) {
    directory = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
  }

  func resolve(_ path: String) -> String { path.hasPrefix("/") ? path : directory + path }
}

extension ListenerSettings {
  fileprivate mutating func read(_ section: SettingsReader, _ paths: Paths) throws(SettingsError) {
    var section = section
    address = try section.string("address") ?? address
    if let number = try section.int("port", in: 0...65535), let port = UInt16(exactly: number) { self.port = port }
    if let section = try section.section("tls") { tls = try TLSSettings(section, paths) }
    try section.finish()
  }
}

extension TLSSettings {
  fileprivate init(_ section: SettingsReader, _ paths: Paths) throws(SettingsError) {
    var section = section
    guard let certificate = try section.string("certificate"), let key = try section.string("key") else {
      throw section.problem(
        "certificate", nil, "and key are both needed: PEM files of the certificate with its chain, and of its key")
    }
    self.init(
      certificate: paths.resolve(certificate), key: paths.resolve(key),
      clientAuthorities: try section.string("clientAuthorities").map(paths.resolve))
    try section.finish()
  }
}

extension SourceSettings {
  fileprivate init(name: String, _ section: SettingsReader, _ paths: Paths, _ node: YAMLNode?) throws(SettingsError) {
    var section = section
    self.name = name
    guard Settings.isName(name) else {
      throw section.problem("", node, "a source's name is part of its URL: letters, digits, '-', '.', '_', 63 at most")
    }
    let authentication = section.value("authentication")
    if authentication?.string != "none" {
      guard let subsection = try section.section("authentication") else {
        throw section.problem("authentication", node, "is missing: give issuer, audience, email and keys, or the word none")
      }
      self.authentication = try AuthenticationSettings(subsection, paths, authentication)
    }
    if let word = try section.string("ack") {
      guard let value = Acknowledgement(rawValue: word) else {
        throw section.problem("ack", section.value("ack"), "must be journaled or completed")
      }
      acknowledgement = value
    }
    try section.finish()
  }
}

extension AuthenticationSettings {
  fileprivate init(_ section: SettingsReader, _ paths: Paths, _ node: YAMLNode?) throws(SettingsError) {
    var section = section
    guard var keys = try section.section("keys") else {
      throw section.problem("keys", node, "is missing: give {url: …}, {file: …} or {inline: …}")
    }
    if let url = try keys.string("url") {
      self.keys = .url(url)
    } else if let file = try keys.string("file") {
      self.keys = .file(paths.resolve(file))
    } else if let inline = try keys.string("inline") {
      self.keys = .inline(inline)
    } else {
      throw section.problem("keys", section.value("keys"), "must be {url: …}, {file: …} or {inline: …}")
    }
    try keys.finish()
    issuers = try section.strings("issuer") ?? ["https://accounts.google.com"]
    audiences = try section.strings("audience") ?? []
    guard !audiences.isEmpty else {
      throw section.problem("audience", node, "is missing: a token for another service must not open this one")
    }
    requiresEmail = try section.bool("requireEmail") ?? true
    requiresVerifiedEmail = try section.bool("requireVerifiedEmail") ?? true
    emails = try section.strings("email") ?? []
    guard !emails.isEmpty || !requiresEmail else {
      throw section.problem(
        "email", node,
        "is missing: without it any Google Cloud customer could push here; give the push service account, or say requireEmail: false"
      )
    }
    leeway = try section.duration("leeway", in: .zero ... .seconds(300)) ?? leeway
    algorithms = try section.strings("algorithms") ?? algorithms
    guard !algorithms.isEmpty, algorithms.allSatisfy(["RS256", "ES256"].contains) else {
      throw section.problem("algorithms", section.value("algorithms"), "must be RS256, ES256 or both")
    }
    try section.finish()
  }
}

extension KubernetesSettings {
  fileprivate mutating func read(_ section: SettingsReader, _ paths: Paths) throws(SettingsError) {
    var section = section
    kubeconfig = try section.string("kubeconfig").map(paths.resolve)
    context = try section.string("context")
    if let names = try section.strings("namespaces") {
      guard !names.isEmpty else {
        throw section.problem(
          "namespaces", section.value("namespaces"), "is empty: no workload could be restarted; \"*\" allows all")
      }
      namespaces = NamespacePolicy(names)
    }
    callDeadline = try section.duration("callDeadline", in: .milliseconds(100)...(.seconds(120))) ?? callDeadline
    clockSkew = try section.duration("clockSkew", in: .zero ... .seconds(300)) ?? clockSkew
    watchesRollouts = try section.bool("watchRollouts") ?? watchesRollouts
    circuitFailures = try section.int("circuitFailures", in: 0...1000) ?? circuitFailures
    circuitProbe = try section.duration("circuitProbe", in: .milliseconds(1)...(.seconds(3600))) ?? circuitProbe
    try section.finish()
  }
}

extension RetrySettings {
  fileprivate mutating func read(_ section: SettingsReader) throws(SettingsError) {
    var section = section
    attempts = try section.int("attempts", in: 1...1000) ?? attempts
    baseDelay = try section.duration("baseDelay", in: .milliseconds(1)...(.seconds(3600))) ?? baseDelay
    maximumDelay = try section.duration("maximumDelay", in: .milliseconds(1)...(.seconds(86_400))) ?? maximumDelay
    deadline = try section.duration("deadline", in: .zero ... .seconds(31 * 86_400)) ?? deadline
    try section.finish()
  }
}

extension LimitSettings {
  fileprivate mutating func read(_ section: SettingsReader) throws(SettingsError) {
    var section = section
    contentBytes = try section.int("contentBytes", in: 1024...(14 << 20)) ?? contentBytes
    inFlight = try section.int("inFlight", in: 1...100_000) ?? inFlight
    backlog = try section.int("backlog", in: 1...1_000_000) ?? backlog
    workersPerNamespace = try section.int("workersPerNamespace", in: 0...256) ?? workersPerNamespace
    workersPerTrigger = try section.int("workersPerTrigger", in: 0...256) ?? workersPerTrigger
    history = try section.int("history", in: 100...10_000_000) ?? history
    knownMessages = try section.int("knownMessages", in: 1000...10_000_000) ?? knownMessages
    deadLetters = try section.int("deadLetters", in: 1...1_000_000) ?? deadLetters
    deadLetterBytes = try section.int("deadLetterBytes", in: (1 << 20)...(1 << 40)) ?? deadLetterBytes
    connections = try section.int("connections", in: 1...100_000) ?? connections
    connectionsPerAddress = try section.int("connectionsPerAddress", in: 0...100_000) ?? connectionsPerAddress
    requestsPerConnection = try section.int("requestsPerConnection", in: 1...1_000_000_000) ?? requestsPerConnection
    streams = try section.int("streams", in: 1...1000) ?? streams
    headBytes = try section.int("headBytes", in: 4096...(1 << 20)) ?? headBytes
    contentBytesPerSecond = try section.int("contentBytesPerSecond", in: 0...(1 << 30)) ?? contentBytesPerSecond
    unsentBytes = try section.int("unsentBytes", in: 16_384...(1 << 30)) ?? unsentBytes
    let deadlines = Duration.milliseconds(100)...Duration.seconds(3600)
    handshakeDeadline = try section.duration("handshakeDeadline", in: deadlines) ?? handshakeDeadline
    headDeadline = try section.duration("headDeadline", in: deadlines) ?? headDeadline
    contentDeadline = try section.duration("contentDeadline", in: deadlines) ?? contentDeadline
    idleDeadline = try section.duration("idleDeadline", in: deadlines) ?? idleDeadline
    writeDeadline = try section.duration("writeDeadline", in: deadlines) ?? writeDeadline
    answerDeadline = try section.duration("answerDeadline", in: deadlines) ?? answerDeadline
    try section.finish()
  }
}

extension LogSettings {
  fileprivate mutating func read(_ section: SettingsReader) throws(SettingsError) {
    var section = section
    bytes = try section.int("bytes", in: 1 << 20...1 << 40) ?? bytes
    segmentBytes = try section.int("segmentBytes", in: 64 << 10...96 << 20) ?? segmentBytes
    try section.finish()
  }
}

extension StopSettings {
  fileprivate mutating func read(_ section: SettingsReader) throws(SettingsError) {
    var section = section
    let range = Duration.zero...Duration.seconds(600)
    lameDuck = try section.duration("lameDuck", in: range) ?? lameDuck
    requests = try section.duration("requests", in: range) ?? requests
    jobs = try section.duration("jobs", in: range) ?? jobs
    try section.finish()
  }
}
