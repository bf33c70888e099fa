import Dispatch
import DurableLog
import Locks

/// Names what this process is at, so that the next one knows in what this one ended: the file `RUNNING` beside the log.
///
/// What is written stays in the page cache when the process ends, however it ends, so nothing is ever synced. After a loss of power the
/// names may be old or missing; they count only where the log agrees that the work is open. No error of the disk is passed on: without
/// names a crash is blamed on nobody.
final class RunningFile: Sendable {
  /// Something that was begun and not ended.
  enum Name: Hashable, Sendable {
    case decision(event: String)
    case attempt(event: String, job: String)

    fileprivate var text: String {
      switch self {
      case .decision(let event): "decision \(event)"
      case .attempt(let event, let job): "attempt \(event) \(job)"
      }
    }

    fileprivate init?(_ line: some Sequence<UInt8>) {
      let words = String(decoding: line.prefix { $0 != 0x0A && $0 != 0 }, as: UTF8.self).split(separator: " ").map(String.init)
      switch (words.first, words.count) {
      case ("decision", 2): self = .decision(event: words[1])
      case ("attempt", 3): self = .attempt(event: words[1], job: words[2])
      default: return nil
      }
    }
  }

  private struct State {
    let file: (any DiskFile)?
    /// Whether each place but the first, which is for decisions, has a name.
    var isTaken: [Bool] = []
    var isClosed = false

    /// Writes a name, or nothing, in a place of its own. A name that is too long for it goes unnamed.
    func write(_ name: Name?, at place: Int) {
      guard !isClosed, let file else { return }
      let text = Array((name?.text ?? "").utf8)
      var line = text.count < RunningFile.placeBytes ? text : []
      line += [UInt8](repeating: 0x20, count: RunningFile.placeBytes - 1 - line.count) + [0x0A]
      _ = try? file.write(line.span, at: place * RunningFile.placeBytes)
    }

    mutating func takePlace() -> Int {
      if let free = isTaken.firstIndex(of: false) {
        isTaken[free] = true
        return free + 1
      }
      isTaken.append(true)
      return isTaken.count
    }
  }

  /// A line of the file: ids are shorter than 100 bytes.
  private static let placeBytes = 256
  /// As many attempts as there may be workers, and a decision.
  private static let placesLimit = 257

  /// The disk may make a write wait, and workers' threads must not.
  private let queue = DispatchQueue(label: "relaunch.running")
  /// Only the queue takes this lock.
  private let state: Mutex<State>

  /// Begins the file anew.
  init(directory: String, disk: any Disk) {
    state = Mutex(State(file: try? disk.open(Self.path(directory), create: true)))
  }

  /// What the process before this one was at when it ended; nothing where it ended in order.
  static func names(in directory: String, disk: any Disk) -> [Name] {
    guard let file = try? disk.open(path(directory), create: false) else { return [] }
    var bytes: [UInt8] = []
    while bytes.count < placesLimit * placeBytes,
      let more = try? file.read(placesLimit * placeBytes - bytes.count, at: bytes.count), !more.isEmpty
    {
      bytes += more
    }
    return stride(from: 0, to: bytes.count, by: placeBytes).compactMap { Name(bytes[$0...].prefix(placeBytes)) }
  }

  private static func path(_ directory: String) -> String { directory + "/RUNNING" }

  /// The event is being decided from now on, and the one before no longer. nil where the process could not say which of several it is.
  /// Blocks for the disk.
  func isDeciding(_ event: String?) {
    queue.sync { state.withLock { $0.write(event.map { .decision(event: $0) }, at: 0) } }
  }

  /// No event is being decided.
  func hasDecided() { queue.async { self.state.withLock { $0.write(nil, at: 0) } } }

  /// Names the job while `body` makes an attempt at it.
  func attempting<Result>(_ job: Job, _ body: () async -> Result) async -> Result {
    let name = Name.attempt(event: job.eventID, job: job.id)
    let place = await withCheckedContinuation { continuation in
      queue.async {
        continuation.resume(
          returning: self.state.withLock { state in
            let place = state.takePlace()
            state.write(name, at: place)
            return place
          })
      }
    }
    defer {
      queue.async {
        self.state.withLock { state in
          state.write(nil, at: place)
          state.isTaken[place - 1] = false
        }
      }
    }
    return await body()
  }

  /// The process ends in order: whatever it is at is nobody's fault. Blocks for the disk.
  func close() {
    queue.sync {
      state.withLock { state in
        state.isClosed = true
        try? state.file?.truncate(to: 0)
      }
    }
  }
}
