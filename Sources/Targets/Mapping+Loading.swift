package import YAML

extension Mapping {
  /// Reads mapping files and ConfigMap documents of every form in use: the ConfigMap itself, as the API server has it or with
  /// nested maps; a mounted ConfigMap, one file a key; a `cache.json` of references; lines of `image=workload`.
  ///
  /// What cannot be used is left out and named; it takes nothing else with it.
  /// - Parameters:
  ///   - files: `name` is a path; its last component is the key where the content does not name images itself.
  ///   - configMaps: documents that were found among others in `file`.
  ///   - defaultNamespace: of entries that name none.
  package static func load(
    files: [(name: String, bytes: [UInt8])], configMaps: [(file: String, document: YAMLNode)] = [],
    defaultNamespace: String = "default"
  ) -> (mapping: Mapping, diagnostics: [MappingDiagnostic]) {
    var reader = MappingReader(defaultNamespace: defaultNamespace)
    for file in files { reader.read(file: file.name, file.bytes) }
    for (file, document) in configMaps { reader.read(configMap: document, file: file) }
    return reader.finish()
  }
}
