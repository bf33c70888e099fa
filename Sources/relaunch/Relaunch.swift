import ArgumentParser

@main
struct Relaunch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "relaunch",
    abstract: "Restarts the Deployments that run an image when Artifact Registry says over Pub/Sub that it was pushed.",
    discussion: """
      Begin with `relaunch check DIR` on your rules, then `relaunch serve --config relaunch.yaml`.

      Exit codes: 0 done; 1 problems were found, or the server asked said no; 2 the configuration cannot be used; \
      3 the log is damaged; 4 a newer version wrote the log; 5 the state directory cannot be used, or failed while \
      serving; 64 wrong usage.
      """,
    version: relaunchVersion,
    subcommands: [Serve.self, Check.self, Explain.self, DeadLetters.self, Push.self, Probe.self, Keys.self, LogCommand.self])
}

/// The exit codes, which are part of the interface.
extension ExitCode {
  static let problemsFound = ExitCode(1)
  static let unusableConfiguration = ExitCode(2)
  static let damagedLog = ExitCode(3)
  static let newerLog = ExitCode(4)
  static let failedLog = ExitCode(5)
}
