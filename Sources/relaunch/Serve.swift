import ArgumentParser
import Clocks
import Configuration
import Deployer
import DurableLog
import Events
import Logging
import OIDC
import Telemetry
import Transport

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Receive pushes and restart workloads until SIGTERM.",
    discussion: """
      Prints `listening NAME URL` for each listener when it is ready. Log lines are JSON on standard error. On SIGTERM it says \
      that it is not ready and goes on for a moment (stop.lameDuck), answers what has begun, lets running restarts finish, and \
      exits 0; what is left runs after the next start. SIGINT spares the moment, a second signal all waiting.
      """)

  @Option(help: "The configuration file.")
  var config: String

  @Flag(help: "Do everything but the patch; outcomes are recorded as would-restart.")
  var dryRun = false

  func run() async throws {
    let server = try open()
    let stop = StopSignals()
    await withDiscardingTaskGroup { group in
      group.addTask { await server.deployer.run() }
      group.addTask { await server.announce() }
      group.addTask {
        await server.watchLog()
        stop.trigger(.now)
      }
      group.addTask { await server.followFiles() }
      await stop.wait(for: .inOrder)
      await server.stop(stop)
      group.cancelAll()
    }
    if let failure = server.logFailure { throw Terminal.failure("\(failure)", .failedLog) }
  }

  private func open() throws -> Server {
    do {
      var settings = try Settings.load(config)
      if dryRun { settings.isDryRun = true }
      guard !settings.sources.isEmpty else {
        throw WiringError(
          "\(config): sources: there is none, so nothing could be received; name at least one, such as "
            + "sources: {gar: {authentication: …}}")
      }
      return try Server(settings)
    } catch let error as LogError {
      throw Terminal.failure("\(error)", error.exitCode)
    } catch let error as EventEncodingError {
      throw Terminal.failure("\(error); start the version that wrote it, or newer", .newerLog)
    } catch {
      throw Terminal.failure("\(error)", .unusableConfiguration)
    }
  }
}
