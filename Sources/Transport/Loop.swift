import CShims
package import Dispatch
import Glibc
import Synchronization

/// One serial Dispatch queue that serves many sockets.
///
/// All its sockets sit in one epoll set, and one Dispatch source watches that set: a source for each socket costs about 15 µs more
/// of CPU for each request. The source's handler serves every ready socket, again and again while more become ready, up to
/// `turnLimit` times before it gives the thread back to Dispatch.
///
/// Everything that belongs to a loop is touched on its queue only. From elsewhere `perform` brings work to it.
///
// @unchecked: `watches`, `scratch` and the timer are used on `queue` alone, which each entry point asserts; `mailbox` is locked.
@safe package final class Loop: @unchecked Sendable {
  private struct Watch {
    var generation: UInt32 = 0
    var watcher: (any Watcher)?
  }

  /// Work that waits for the loop.
  private struct Mailbox {
    var work: [@Sendable () -> Void] = []
    /// Whether the loop will look here without being woken: a wake-up is on its way, or a turn is under way.
    var willBeEmptied = false
  }

  private static let turnLimit = 64
  private static let eventsPerTurn = 256
  private static let tickInterval = DispatchTimeInterval.milliseconds(250)

  package let queue: DispatchQueue
  private let epoll: Int32
  private let source: any DispatchSourceRead
  private var ticker: (any DispatchSourceTimer)?
  private var watches: [Watch] = []
  private var freeWatches: [Int] = []
  private var watchCount = 0
  private var events = unsafe [epoll_event](repeating: epoll_event(), count: eventsPerTurn)
  /// Where sockets are read into: one buffer for all, because what was read is used or copied before the next read.
  private var scratch = [UInt8](repeating: 0, count: 64 << 10)
  private let mailbox = Mutex(Mailbox())

  /// - Parameter name: ends the queue's label, for debuggers.
  package init(name: String) throws(TransportError) {
    queue = DispatchQueue(label: "relaunch.loop.\(name)")
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard epoll >= 0 else { throw TransportError.system(call: "epoll_create1", code: errno, about: name) }
    source = DispatchSource.makeReadSource(fileDescriptor: epoll, queue: queue)
    source.setEventHandler { @Sendable [weak self] in self?.serve() }
    let descriptor = epoll
    source.setCancelHandler { @Sendable in _ = Glibc.close(descriptor) }
    source.activate()
  }

  deinit {
    ticker?.cancel()
    source.cancel()
  }

  /// Runs `work` on the loop's queue, later and never inside this call. Work that is brought while earlier work still waits, or
  /// while the loop serves its sockets, costs no hop to the queue of its own.
  package func perform(_ work: @escaping @Sendable () -> Void) {
    let mustWake = mailbox.withLock { mailbox in
      mailbox.work.append(work)
      defer { mailbox.willBeEmptied = true }
      return !mailbox.willBeEmptied
    }
    if mustWake { wake() }
  }

  private func wake() {
    queue.async {
      if self.emptyMailbox() { self.wake() }
    }
  }

  package func assertIsCurrent() { dispatchPrecondition(condition: .onQueue(queue)) }

  /// Does the work that waits.
  /// - Returns: whether more has come meanwhile; if not, whoever brings the next wakes the loop.
  private func emptyMailbox() -> Bool {
    let work = mailbox.withLock { mailbox in
      defer { mailbox.work = [] }
      return mailbox.work
    }
    for item in work { item() }
    return mailbox.withLock { mailbox in
      mailbox.willBeEmptied = !mailbox.work.isEmpty
      return mailbox.willBeEmptied
    }
  }

  private func serve() {
    for _ in 0..<Self.turnLimit {
      let count = unsafe epoll_wait(epoll, &events, Int32(Self.eventsPerTurn), 0)
      guard count > 0 else { return }
      mailbox.withLock { $0.willBeEmptied = true }
      for index in 0..<Int(count) {
        let identity = unsafe WatchIdentity(word: events[index].data.u64)
        // A watch that ended earlier in this turn, or whose place was taken since, has another generation.
        guard watches[identity.index].generation == identity.generation else { continue }
        watches[identity.index].watcher?.ready(unsafe Readiness(rawValue: events[index].events))
      }
      // A wake-up that is on its way already then finds nothing, which does no harm.
      if emptyMailbox() { wake() }
    }
  }

  // MARK: Watches

  func watch(_ descriptor: Int32, for readiness: Readiness, _ watcher: any Watcher) throws(TransportError) -> WatchIdentity {
    assertIsCurrent()
    let index = freeWatches.popLast() ?? watches.count
    if index == watches.count { watches.append(Watch()) }
    watches[index].watcher = watcher
    let identity = WatchIdentity(index: index, generation: watches[index].generation)
    guard control(EPOLL_CTL_ADD, descriptor, readiness, identity) else {
      let code = errno
      release(identity)
      throw TransportError.system(call: "epoll_ctl", code: code, about: "descriptor \(descriptor)")
    }
    watchCount += 1
    startTicking()
    return identity
  }

  func change(_ identity: WatchIdentity, _ descriptor: Int32, to readiness: Readiness) {
    _ = control(EPOLL_CTL_MOD, descriptor, readiness, identity)
  }

  /// Ends a watch. The descriptor must still be open.
  func unwatch(_ identity: WatchIdentity, _ descriptor: Int32) {
    assertIsCurrent()
    _ = control(EPOLL_CTL_DEL, descriptor, [], identity)
    release(identity)
    watchCount -= 1
    if watchCount == 0 {
      ticker?.cancel()
      ticker = nil
    }
  }

  private func release(_ identity: WatchIdentity) {
    watches[identity.index].watcher = nil
    watches[identity.index].generation &+= 1
    freeWatches.append(identity.index)
  }

  private func control(_ operation: Int32, _ descriptor: Int32, _ readiness: Readiness, _ identity: WatchIdentity) -> Bool {
    var event = unsafe epoll_event(events: readiness.rawValue, data: epoll_data(u64: identity.word))
    return unsafe epoll_ctl(epoll, operation, descriptor, &event) == 0
  }

  // MARK: Time

  private func startTicking() {
    guard ticker == nil else { return }
    let timer = DispatchSource.makeTimerSource(queue: queue)
    timer.schedule(deadline: .now() + Self.tickInterval, repeating: Self.tickInterval, leeway: .milliseconds(50))
    timer.setEventHandler { @Sendable [weak self] in self?.tick() }
    timer.activate()
    ticker = timer
  }

  /// Deadlines are checked by looking at every watch four times a second: cheaper than a timer each, and exact enough for limits
  /// that are seconds long.
  private func tick() {
    let now = ContinuousClock.now
    for index in watches.indices { watches[index].watcher?.tick(now) }
  }

  // MARK: Reading

  /// Reads once from `descriptor` and hands what came to `use`.
  /// - Returns: the number of bytes; 0 at the end; nil with `errno` set when nothing could be read.
  func read(_ descriptor: Int32, _ use: (Span<UInt8>) -> Void) -> Int? {
    let count = unsafe scratch.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
    guard count >= 0 else { return nil }
    if count > 0 {
      // A second reference for the length of the call, not a copy: nothing is read meanwhile.
      let filled = scratch
      use(filled.span.extracting(0..<count))
    }
    return count
  }
}
