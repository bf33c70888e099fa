import ArgumentParser
import HTTP

struct DeadLetters: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deadletters", abstract: "Read, replay and discard what a running server gave up.",
    subcommands: [List.self, Show.self, Replay.self, Discard.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List dead letters, the newest first.")

    @Option(help: "Only those with this reason, such as forbidden or unresolved.")
    var reason: String?

    @Option(help: "Only those whose image contains this text.")
    var image: String?

    @OptionGroup var admin: AdminClient

    func run() async throws {
      let query = [("reason", reason), ("image", image)].compactMap { name, value in value.map { "\(name)=\($0.pathSegment)" } }
      try await admin.show(.get, "/deadletters" + (query.isEmpty ? "" : "?" + query.joined(separator: "&")))
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
      abstract: "Do a dead letter's work again, with the rules and the mapping of now.")

    @Argument(help: "The dead letter's id, which `relaunch deadletters list` shows.")
    var id: String

    @OptionGroup var admin: AdminClient

    func validate() throws { if id.isEmpty { throw ValidationError("the dead letter's id is empty") } }

    func run() async throws { try await admin.show(.post, "/deadletters/\(id.pathSegment)/replay") }
  }

  struct Discard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take a dead letter off the list for good.")

    @Argument(help: "The dead letter's id, which `relaunch deadletters list` shows.")
    var id: String

    @OptionGroup var admin: AdminClient

    func validate() throws { if id.isEmpty { throw ValidationError("the dead letter's id is empty") } }

    func run() async throws { try await admin.show(.delete, "/deadletters/\(id.pathSegment)") }
  }
}
