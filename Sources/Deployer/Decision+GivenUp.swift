import Clocks
import DurableLog
import JSON
import Sensors

extension StateRecord.Decision {
  /// What a decision may take as a record, in bytes: half of what a record of the log may, for the ends of its jobs repeat parts of it
  /// and add texts of their own.
  static let bytesLimit = LogConfiguration.payloadBytesLimit / 2

  /// The decision on an event that leads to nothing but one dead letter.
  init(
    givingUp eventID: String, receivedAt: Timestamp, round: Int, generation: String, image: String?, reason: String,
    detail: String, at now: Timestamp, replay: Replay? = nil
  ) {
    let letter = DeadLetter(
      id: "\(eventID).dead\(round == 0 ? "" : "\(round).")1", eventID: eventID, job: nil, reason: reason, detail: detail,
      attempts: 1, firstAt: receivedAt, lastAt: now, trigger: replay?.scope?.trigger, replayOf: replay?.deadLetter)
    self.init(
      eventID: eventID, generation: generation, image: image, verdicts: [], jobs: [], deadLetters: [letter], outcome: nil,
      reason: detail, at: now, replayOf: replay?.deadLetter)
  }

  /// Why the log could not hold this decision, and what to do; nil where it can, which is nearly always.
  var excess: String? {
    // A byte of text takes six in JSON at most. Only a decision that may be too large is encoded to be measured.
    guard textBytes > Self.bytesLimit / 6 else { return nil }
    let bytes = StateRecord.decision(self).payload.count
    guard bytes > Self.bytesLimit else { return nil }
    let largest = jobs.max { $0.textBytes < $1.textBytes }
    let advice =
      largest.map { job in
        "the restart of \(job.target) by \(job.firing.sensor)/\(job.firing.trigger) takes the most; have its parameters take "
          + "single fields of the message"
      } ?? "shorten the values of the filters"
    return "the decision, with \(jobs.count) restart\(jobs.count == 1 ? "" : "s"), takes \(bytes) bytes, and it may take "
      + "\(Self.bytesLimit) in the log: \(advice), then replay"
  }

  /// An upper bound of the decision's texts and numbers, in bytes before they are escaped.
  private var textBytes: Int {
    jobs.reduce(0) { $0 + $1.textBytes } + deadLetters.reduce(0) { $0 + $1.textBytes }
      + verdicts.reduce(0) { $0 + $1.textBytes } + reason.utf8.count + (image?.utf8.count ?? 0) + 512
  }
}

extension DeadLetter {
  /// About what its texts and numbers take in memory, in bytes.
  var textBytes: Int { 512 + detail.utf8.count + id.utf8.count + (job?.textBytes ?? 0) }
}

extension Job {
  /// About what its texts and numbers take in memory, in bytes.
  var textBytes: Int {
    let parameters = firing.parameters.reduce(0) { $0 + 32 + $1.name.utf8.count + $1.value.utf8.count }
    return parameters + target.utf8.count + firing.sensor.utf8.count + firing.trigger.utf8.count + image.utf8.count
      + 2 * id.utf8.count + 512
  }
}

extension JSONValue {
  fileprivate var textBytes: Int {
    switch self {
    case .string(let text): text.utf8.count + 4
    case .array(let elements): elements.reduce(4) { $0 + $1.textBytes }
    case .object(let members): members.reduce(4) { $0 + $1.name.utf8.count + 4 + $1.value.textBytes }
    default: 32
    }
  }
}
