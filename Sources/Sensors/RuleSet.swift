package import YAML

/// All rules of one directory: immutable, compiled, ready to be asked about events from any thread.
package struct RuleSet: Sendable {
  /// A ConfigMap that stood among the rules; what it says about images is for another module to read.
  package struct ConfigMap: Sendable {
    package let file: String
    package let document: YAMLNode
  }

  /// A short hash of the files' names and contents; each decision carries it.
  package let generation: String

  package let eventSources: [EventSource]
  package let sensors: [Sensor]
  package let configMaps: [ConfigMap]
  let definitions: EventDefinitions

  init(generation: String, eventSources: [EventSource], sensors: [Sensor], configMaps: [ConfigMap]) {
    self.generation = generation
    self.eventSources = eventSources
    self.sensors = sensors
    self.configMaps = configMaps
    definitions = EventDefinitions(eventSources)
  }

  /// No rules at all.
  package static let empty = RuleSet(generation: Generation().text, eventSources: [], sensors: [], configMaps: [])
}
