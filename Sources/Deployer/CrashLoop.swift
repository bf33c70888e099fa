import Clocks
import DurableLog
import Logging

/// Keeps what ends the process from ending it for ever: a job, or the decision on an event, in which the process ended twice in a row
/// is a dead letter at the third start. It can be replayed.
///
/// "In a row" is by the log: an attempt that ended, however it did, begins the count anew. Of several that were under way at the end of
/// a process only one is to blame; so from then on they run one at a time (`Job.claim`).
struct CrashLoop: Sendable {
  /// Ends of the process in a row.
  static let limit = 2
  static let reason = "crashed"

  let ledger: Ledger
  let worker: Worker
  let engine: Engine
  let clock: any WallClock
  let logger: Logger

  /// Journals what the process before was at, and gives up what has reached the limit. Before anything of it is taken up again.
  ///
  /// - Returns: the ids of what was given up.
  func takeUp(_ names: [RunningFile.Name]) async -> (jobs: Set<String>, events: Set<String>) {
    var parked: (jobs: Set<String>, events: Set<String>) = ([], [])
    var seen: Set<Suspect> = []
    for name in names {
      guard let suspect = ledger.read({ Suspect(name, $0) }), seen.insert(suspect).inserted else { continue }
      let event = suspect.event
      do throws(LogError) {
        try await ledger.record(.crashed(job: suspect.job, eventID: event, at: clock.now()))
      } catch {
        // The log is gone, and the process ends.
        logger.error("crash not recorded", metadata: ["event_id": "\(event)", "error": "\(error)"])
        continue
      }
      let (entry, job, count) = ledger.read { index in
        (index[event], suspect.job.flatMap { index.jobs[$0] }, index.crashes(of: suspect.job, event: event))
      }
      logger.warning(
        "the process ended in this", metadata: ["event_id": "\(event)", "job": "\(suspect.job ?? "-")", "times": "\(count)"])
      guard count >= Self.limit, let entry else { continue }
      if let job {
        _ = await worker.bury(job, count, Self.reason, Self.detail("\(job.target): the process ended", count, "attempts at it"))
        parked.jobs.insert(job.id)
      } else {
        engine.giveUp(entry, Self.reason, Self.detail("the process ended", count, "decisions on it"))
        parked.events.insert(event)
      }
    }
    return parked
  }

  private static func detail(_ what: String, _ count: Int, _ where: String) -> String {
    "\(what) in each of the last \(count) \(`where`), so it was not done again; look for the end in the process' last lines, and replay "
      + "it when the cause is mended"
  }

  /// A job that is open, or an event that is not decided.
  private struct Suspect: Hashable {
    let event: String
    let job: String?

    /// - Returns: nil where the log knows better: the work ended, or was never accepted.
    init?(_ name: RunningFile.Name, _ index: borrowing EventIndex) {
      switch name {
      case .attempt(let event, let job) where index.jobs[job] != nil: (self.event, self.job) = (event, job)
      // The decision that made the job may not have become durable.
      case .attempt(let event, _), .decision(let event):
        guard index[event]?.isDecided == false else { return nil }
        (self.event, job) = (event, nil)
      }
    }
  }
}
