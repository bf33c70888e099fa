import JSON
import YAML

/// Collects the keys and entries of mapping files, and what is to be said about them.
struct MappingReader {
  let defaultNamespace: String
  var slots: [String: Mapping.Slot] = [:]
  private(set) var diagnostics: [MappingDiagnostic] = []

  // A mapping of 10,000 references takes about a megabyte; a directory on a disk may hold more than a ConfigMap can.
  private static let limits = YAMLLimits(bytes: 16 << 20)

  init(defaultNamespace: String) { self.defaultNamespace = defaultNamespace }

  /// A text, and where it comes from.
  struct Source {
    let file: String
    /// The key that entries get where the text names none.
    let key: String
    /// The place of everything in a text that is itself a string of a document.
    var fixedPlace: MappingPlace?

    func place(_ position: YAMLPosition) -> MappingPlace {
      fixedPlace ?? MappingPlace(file: file, line: position.line, column: position.column)
    }
  }

  mutating func read(file: String, _ bytes: [UInt8]) {
    let name = file.split(separator: "/").last.map(String.init) ?? file
    // `..data` and its like belong to the kubelet, other dot files to editors.
    guard !name.hasPrefix(".") else { return }
    read(text: bytes, Source(file: file, key: Self.key(ofFile: name)))
  }

  /// The file's name without an ending that only tells what is in it.
  static func key(ofFile name: String) -> String {
    for ending in [".json", ".yaml", ".yml", ".env", ".txt", ".properties"] where name.hasSuffix(ending) && name != ending {
      return String(name.dropLast(ending.count))
    }
    return name
  }

  mutating func read(text bytes: [UInt8], _ source: Source) {
    if let assignments = Assignment.parse(bytes) {
      read(assignments, source)
      return
    }
    let documents: [YAMLNode]
    do throws(YAMLError) { documents = try YAMLStream.parse(bytes, limits: Self.limits) } catch {
      report(.error, "syntax", source.place(error.position), error.sentence)
      return
    }
    if documents.isEmpty {
      report(.warning, "empty", source.place(YAMLPosition(line: 1, column: 1)), "nothing is in it")
    }
    for document in documents { read(document, source) }
  }

  mutating func read(_ document: YAMLNode, _ source: Source) {
    let place = source.place(document.position)
    guard let members = document.members else {
      add(document, under: source.key, at: place, source)
      return
    }
    let kind = document["kind"]?.string
    if kind == "ConfigMap", source.fixedPlace == nil {
      read(configMap: document, file: source.file)
    } else if let kind, document["apiVersion"] != nil {
      report(.warning, "kind", place, "a \(kind.quoted(limit: 80)) is no mapping; move it to another directory")
    } else if let values = document["mapping"], values["images"] != nil {
      report(.error, "entry", place, "this is \"mapping\" of the chart's values; write what stands under it, from \"images:\" on")
    } else if let images = document["images"]?.members {
      for member in images { add(member, source) }
    } else if MappingEntry.isEntry(members) {
      add(document, under: source.key, at: place, source)
    } else {
      for member in members { add(member, source) }
    }
  }

  /// Reads `image=workload` lines, or the fields of one entry written as lines.
  private mutating func read(_ assignments: [Assignment], _ source: Source) {
    if assignments.allSatisfy({ MappingEntry.fields.contains($0.name) }) {
      let members = assignments.map { line in
        YAMLMember(
          name: line.name, at: line.position,
          value: YAMLNode(.scalar(text: line.value, value: .string(line.value)), at: line.position))
      }
      let position = assignments.first?.position ?? YAMLPosition(line: 1, column: 1)
      add(YAMLNode(.mapping(members), at: position), under: source.key, at: source.place(position), source)
      return
    }
    for line in assignments {
      let names = line.value.split(separator: ",").map { $0.filter { $0 != " " } }
      let nodes = names.map { YAMLNode(.scalar(text: $0, value: .string($0)), at: line.position) }
      add(YAMLNode(.sequence(nodes), at: line.position), under: line.name, at: source.place(line.position), source)
    }
  }

  mutating func report(_ severity: MappingDiagnostic.Severity, _ code: String, _ place: MappingPlace, _ message: String) {
    diagnostics.append(MappingDiagnostic(severity, code, place, message))
  }
}
