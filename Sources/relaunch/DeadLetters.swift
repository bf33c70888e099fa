import ArgumentParser
import HTTP

struct DeadLetters: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deadletters", abstract: "Read, replay and discard what a running server gave up.",
    subcommands: [List.self, Show.self, Replay.self, Discard.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List dead letters, the newest first.")

    @OptionGroup var filter: DeadLetterOptions
    @Flag(help: "All of them, page after page.")
    var all = false
    @OptionGroup var admin: AdminClient

    func run() async throws {
      try await admin.show(.get, "/deadletters" + filter.query([]), pages: all)
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show one dead letter with its event's story.")

    @Argument(help: "The dead letter's id, which `relaunch deadletters list` shows.")
    var id: String

    @OptionGroup var admin: AdminClient

    func validate() throws { if id.isEmpty { throw ValidationError("the dead letter's id is empty") } }

    func run() async throws { try await admin.show(.get, "/deadletters/\(id.pathSegment)") }
  }

  struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Do the work of dead letters again, with the rules and the mapping of now.",
      discussion: """
        Either one, by its id; or the oldest that the options name, 100 unless --limit says otherwise; or, with --all, all that the options \
        name. What fails again is a dead letter again, and is not tried twice.
        """)

    @Argument(help: "The dead letter's id, which `relaunch deadletters list` shows.")
    var id: String?
    @OptionGroup var filter: DeadLetterOptions
    @Flag(help: "All that the options name, or all there are.")
    var all = false
    @OptionGroup var admin: AdminClient

    func validate() throws { try filter.validate(with: id, all) }

    func run() async throws {
      if let id { return try await admin.show(.post, "/deadletters/\(id.pathSegment)/replay") }
      try await admin.show(.post, "/deadletters/replay" + filter.query(all ? [("all", "true")] : []), pages: all)
    }
  }

  struct Discard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take dead letters off the list for good.",
      discussion: """
        Either one, by its id; or the oldest that the options name, 100 unless --limit says otherwise; or, with --all, all that the options \
        name.
        """)

    @Argument(help: "The dead letter's id, which `relaunch deadletters list` shows.")
    var id: String?
    @OptionGroup var filter: DeadLetterOptions
    @Flag(help: "All that the options name, or all there are.")
    var all = false
    @Option(help: "Why, for whoever asks later. With an id, --reason says the same.")
    var because: String?
    @OptionGroup var admin: AdminClient

    func validate() throws {
      // Of one letter there is nothing to choose, so its reason can only be the reason why.
      var others = filter
      if id != nil { others.reason = nil }
      try others.validate(with: id, all)
    }

    func run() async throws {
      if let id {
        let query = (because ?? filter.reason).map { "?because=\($0.pathSegment)" } ?? ""
        return try await admin.show(.delete, "/deadletters/\(id.pathSegment)\(query)")
      }
      let words = (all ? [("all", "true")] : []) + (because.map { [("because", $0)] } ?? [])
      try await admin.show(.delete, "/deadletters" + filter.query(words), pages: all)
    }
  }
}

/// The options that say which dead letters are meant. All that are given must hold.
struct DeadLetterOptions: ParsableArguments {
  @Option(help: "Only those with this reason, such as forbidden or unresolved.")
  var reason: String?

  @Option(help: "Only those whose image contains this text.")
  var image: String?

  @Option(help: "Only those of this source, as the configuration names it.")
  var source: String?

  @Option(help: "Only those for this workload: web, default/web or Deployment/default/web.")
  var target: String?

  @Option(help: "Only those from then on: 2026-11-23T14:00:00Z, or 15m, 2h or 7d ago.")
  var since: String?

  @Option(help: "Only those before then, written like --since.")
  var until: String?

  @Option(help: "How many at most at a time, 1 to 1000.")
  var limit: Int?

  private var words: [(name: String, value: String)] {
    [("reason", reason), ("image", image), ("source", source), ("target", target), ("since", since), ("until", until)]
      .compactMap { name, value in value.map { (name, $0) } }
  }

  /// One letter by its id, or those that the options name; neither is not everything.
  func validate(with id: String?, _ all: Bool) throws {
    if let id {
      if id.isEmpty { throw ValidationError("the dead letter's id is empty") }
      if all || !words.isEmpty || limit != nil { throw ValidationError("give an id, or options that say which; not both") }
    } else if !all, words.isEmpty {
      throw ValidationError("say which: an id, options such as --reason, or --all")
    }
  }

  /// The query of a request, with `others` in it.
  func query(_ others: [(name: String, value: String)]) -> String {
    let all = words + (limit.map { [("limit", "\($0)")] } ?? []) + others
    return all.isEmpty ? "" : "?" + all.map { "\($0.name)=\($0.value.pathSegment)" }.joined(separator: "&")
  }
}
