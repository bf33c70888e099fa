package import Events

/// Which workloads run which image, as mapping files say. Look-ups are a few hash look-ups, whatever the mapping's size.
package struct Mapping: Sendable {
  struct Slot: Sendable {
    /// As it is written.
    let key: String
    let repository: String?
    let place: MappingPlace
    var entries: [MappingEntry]
  }

  private var slots: [String: Slot] = [:]
  /// The repositories of the other keys that end in a short key, where they are several.
  private var ambiguities: [String: [String]] = [:]

  /// The mapping that knows no image.
  package init() {}

  init(_ slots: [String: Slot], ambiguities: [String: [String]]) {
    self.slots = slots
    self.ambiguities = ambiguities
  }

  /// How many keys there are.
  package var count: Int { slots.count }

  /// Everything, by key: repositories with or without tag, and short names.
  package var entries: [String: [MappingEntry]] { slots.mapValues(\.entries) }

  /// The workloads that run `image`.
  ///
  /// The first key that matches decides alone, in this order: the reference with its tag, the repository, the short name with the
  /// tag, the short name.
  package func workloads(for image: ImageReference) -> Lookup {
    var tried: [String] = []
    for form in ImageKey.forms(of: image) {
      tried.append(form)
      guard let slot = slots[form] else { continue }
      return Lookup(
        entries: slot.entries, matchedKey: slot.key, file: slot.place.file, tried: tried,
        ambiguousRepositories: ambiguities[form] ?? [])
    }
    return Lookup(entries: [], matchedKey: nil, file: nil, tried: tried)
  }
}
