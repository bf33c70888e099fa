import Kubernetes

extension Settings {
  /// Reads who is told of what.
  mutating func readNotifiers(_ reader: inout SettingsReader, _ paths: Paths) throws(SettingsError) {
    if var section = try reader.section("deadLetters") {
      if let subsection = try section.section("forward") { forward = try ForwardSettings(subsection, paths) }
      try section.finish()
    }
    for section in try reader.sections("notify") ?? [] {
      let notifier = try NotifierSettings(section, paths)
      guard !notify.contains(where: { $0.name == notifier.name }) else {
        throw section.problem("name", section.node("name"), "two notifiers have this name")
      }
      notify.append(notifier)
    }
  }
}

extension DeliveryAddress {
  fileprivate init(_ section: inout SettingsReader, _ paths: Paths) throws(SettingsError) {
    switch (try section.string("url"), try section.string("urlFile")) {
    case (let url?, nil): self = .url(Secret(Array(url.utf8)))
    case (nil, let file?): self = .file(paths.resolve(file))
    default: throw section.problem("url", section.node("url"), "or urlFile is needed, and not both")
    }
  }
}

extension NotifierSettings {
  fileprivate init(_ section: SettingsReader, _ paths: Paths) throws(SettingsError) {
    var section = section
    guard let name = try section.string("name") else {
      throw section.problem("name", nil, "is missing: metrics and log lines call the notifier by it")
    }
    guard Settings.isName(name), name != ForwardSettings.name else {
      throw section.problem(
        "name", section.node("name"), "must be letters, digits, '-', '.', '_', 63 at most, and not \(ForwardSettings.name)")
    }
    self.init(name: name, address: try DeliveryAddress(&section, paths))
    if let word = try section.string("format") {
      guard let value = Format(rawValue: word) else {
        throw section.problem(
          "format", section.node("format"), "must be \(Format.allCases.map(\.rawValue).joined(separator: " or "))")
      }
      format = value
    }
    if let words = try section.strings("on") {
      let values = words.compactMap(Kind.init(rawValue:))
      guard values.count == words.count, !words.isEmpty else {
        throw section.problem(
          "on", section.node("on"), "must be a list of \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      kinds = Set(values)
    }
    headersFile = try section.string("headersFile").map(paths.resolve)
    deadline = try section.duration("deadline", in: .seconds(1) ... .seconds(604_800)) ?? deadline
    try section.finish()
  }
}

extension ForwardSettings {
  fileprivate init(_ section: SettingsReader, _ paths: Paths) throws(SettingsError) {
    var section = section
    self.init(address: try DeliveryAddress(&section, paths))
    tokenFile = try section.string("tokenFile").map(paths.resolve)
    deadline = try section.duration("deadline", in: .seconds(1) ... .seconds(604_800)) ?? deadline
    try section.finish()
  }
}
