import JSON
import YAML

extension MappingReader {
  mutating func add(_ member: YAMLMember, _ source: Source) {
    add(member.value, under: member.name, at: source.place(member.position), source)
  }

  /// Adds the workloads that `value` describes, one or a list, to what `key` has.
  mutating func add(_ value: YAMLNode, under key: String, at place: MappingPlace, _ source: Source) {
    guard let parsed = imageKey(key, place) else { return }
    var entries: [MappingEntry] = []
    for element in value.elements ?? [value] {
      if let entry = entry(element, source), !entries.contains(where: { $0.workload == entry.workload }) { entries.append(entry) }
    }
    if let elements = value.elements, elements.isEmpty {
      report(.warning, "empty", place, "\(key.quoted(limit: 260)) has no workloads")
    }
    guard !entries.isEmpty else { return }
    guard var slot = slots[parsed.form] else {
      slots[parsed.form] = Mapping.Slot(key: key, repository: parsed.repository, place: place, entries: entries)
      return
    }
    report(
      .warning, "duplicate-key", place,
      "\(key.quoted(limit: 260)) is also in \(slot.place); both are restarted, so leave one out if that is not meant"
    )
    slot.entries += entries.filter { entry in !slot.entries.contains { $0.workload == entry.workload } }
    slots[parsed.form] = slot
  }

  private mutating func imageKey(_ key: String, _ place: MappingPlace) -> ImageKey? {
    do throws(ImageKey.Problem) {
      let parsed = try ImageKey(key)
      if let repository = parsed.repository, repository.hasPrefix("docker.io/"), !key.contains("docker.io/") {
        report(
          .info, "docker-hub", place,
          "\(key.quoted(limit: 260)) names no registry and so means \(repository); write the host in front if it is another"
        )
      }
      return parsed
    } catch .digest {
      report(
        .error, "digest", place,
        "\(key.quoted(limit: 260)) names a digest, and every push has a new one; leave out everything from the @")
    } catch {
      report(
        .error, "key", place, "\(key.quoted(limit: 260)) is no name of an image; write HOST/PATH, HOST/PATH:TAG or a short name")
    }
    return nil
  }

  /// The mapping as it is, and the diagnostics in the order of the files.
  consuming func finish() -> (mapping: Mapping, diagnostics: [MappingDiagnostic]) {
    var repositories: [Substring: Set<String>] = [:]
    for slot in slots.values {
      guard let repository = slot.repository, let slash = repository.lastIndex(of: "/") else { continue }
      repositories[repository[repository.index(after: slash)...], default: []].insert(repository)
    }
    var ambiguities: [String: [String]] = [:]
    for (form, slot) in slots.sorted(by: { $0.key < $1.key }) where slot.repository == nil {
      let name = form.prefix { $0 != ":" }
      guard let known = repositories[name], known.count > 1 else { continue }
      ambiguities[form] = known.sorted()
      report(
        .warning, "B4.2", slot.place,
        "the short name \(slot.key.quoted(limit: 260)) stands for images of several repositories: "
          + "\(known.sorted().joined(separator: ", ")); write out the one that is meant")
    }
    return (Mapping(slots, ambiguities: ambiguities), diagnostics)
  }
}
