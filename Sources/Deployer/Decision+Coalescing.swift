extension StateRecord.Decision {
  /// Ends those of `decisions`, made in this order, all of whose jobs a later one covers. In a burst that is nearly all of them, and
  /// none of these jobs has to be journaled, queued and ended one by one.
  static func coalesce(_ decisions: inout [StateRecord.Decision]) {
    guard decisions.count > 1 else { return }
    var latest: [String: Job] = [:]
    for index in decisions.indices.reversed() {
      let decision = decisions[index]
      guard !decision.jobs.isEmpty else { continue }
      let covering = decision.jobs.compactMap { job in latest[job.target].flatMap { $0.covers(job) ? $0 : nil } }
      if covering.count == decision.jobs.count, decision.deadLetters.isEmpty {
        decisions[index] = decision.coalesced(into: covering)
      } else {
        for job in decision.jobs where latest[job.target] == nil { latest[job.target] = job }
      }
    }
  }

  private func coalesced(into jobs: [Job]) -> StateRecord.Decision {
    StateRecord.Decision(
      eventID: eventID, generation: generation, image: image, verdicts: verdicts, jobs: [], deadLetters: [], outcome: .coalesced,
      reason: "into \(jobs.map(\.id).joined(separator: ", "))", at: at)
  }
}
