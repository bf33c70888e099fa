import CShims
package import Dispatch
import Glibc
import Locks

/// One serial Dispatch queue that serves many sockets.
///
/// All its sockets sit in one epoll set, and one Dispatch source watches that set: a source for each socket costs about 15 µs more
/// of CPU for each request. The source's handler serves every ready socket, again and again while more become ready, up to
/// `turnLimit` times before it gives the thread back to Dispatch. When nothing is ready it stays a moment longer: under load the
/// next request or answer comes within it, and coming back through Dispatch costs two changes of thread.
///
/// Everything that belongs to a loop is touched on its queue only. From elsewhere `perform` brings work to it.
///
// @unchecked: `watches`, `turnEnds`, `scratch` and the timer are used on `queue` alone, which each entry point asserts; `mailbox` is locked.
@safe package final class Loop: @unchecked Sendable {
  private struct Watch {
    var generation: UInt32 = 0
    var watcher: (any Watcher)?
  }

  /// Work that waits for the loop.
  private struct Mailbox {
    enum Attention {
      /// The loop must be woken through its queue.
      case away
      /// The loop waits for its sockets and must be woken through `bell`.
      case waits
      /// The loop will look here: it serves its sockets, or a wake-up is on its way.
      case here
    }

    var work: [@Sendable () -> Void] = []
    var attention = Attention.away

    /// Adds work.
    /// - Returns: where the loop is, before it is told.
    mutating func add(_ item: @escaping @Sendable () -> Void) -> Attention {
      work.append(item)
      defer { attention = .here }
      return attention
    }

    mutating func take() -> [@Sendable () -> Void] {
      attention = .here
      defer { work = [] }
      return work
    }

    /// - Returns: whether the loop may go; if not, more work has come.
    mutating func leave(for place: Attention) -> Bool {
      attention = work.isEmpty ? place : .here
      return work.isEmpty
    }
  }

  private static let turnLimit = 64
  private static let waitMilliseconds: Int32 = 1
  private static let eventsPerTurn = 256
  private static let tickInterval = DispatchTimeInterval.milliseconds(250)

  package let queue: DispatchQueue
  private let epoll: Int32
  /// An eventfd in the set, for waking the loop while it waits there.
  private let bell: Int32
  private let source: any DispatchSourceRead
  private var ticker: (any DispatchSourceTimer)?
  private var watches: [Watch] = []
  private var freeWatches: [Int] = []
  private var watchCount = 0
  private var turnEnds: [() -> Void] = []
  private var events = unsafe [epoll_event](repeating: epoll_event(), count: eventsPerTurn)
  /// Where sockets are read into: one buffer for all, because what was read is used or copied before the next read.
  private var scratch = [UInt8](repeating: 0, count: 64 << 10)
  private let mailbox = Mutex(Mailbox())

  /// - Parameter name: ends the queue's label, for debuggers.
  package init(name: String) throws(TransportError) {
    queue = DispatchQueue(label: "relaunch.loop.\(name)")
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard epoll >= 0 else { throw TransportError.system(call: "epoll_create1", code: errno, about: name) }
    bell = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    guard bell >= 0 else {
      let code = errno
      _ = Glibc.close(epoll)
      throw TransportError.system(call: "eventfd", code: code, about: name)
    }
    source = DispatchSource.makeReadSource(fileDescriptor: epoll, queue: queue)
    source.setEventHandler { @Sendable [weak self] in self?.serve() }
    let descriptors = [epoll, bell]
    source.setCancelHandler { @Sendable in for descriptor in descriptors { _ = Glibc.close(descriptor) } }
    source.activate()
    guard control(EPOLL_CTL_ADD, bell, .input, .bell) else {
      throw TransportError.system(call: "epoll_ctl", code: errno, about: name)
    }
  }

  deinit {
    ticker?.cancel()
    source.cancel()
  }

  /// Runs `work` on the loop's queue, later and never inside this call. Work that is brought while earlier work still waits, or
  /// while the loop serves its sockets, costs no hop to the queue of its own.
  package func perform(_ work: @escaping @Sendable () -> Void) {
    switch mailbox.withLock({ $0.add(work) }) {
    case .here: break
    case .waits: ring()
    case .away: wake()
    }
  }

  /// Has `work` run on the loop after each turn: when all that was ready has been served.
  package func atEndOfTurn(_ work: @escaping () -> Void) {
    assertIsCurrent()
    turnEnds.append(work)
  }

  package func assertIsCurrent() { dispatchPrecondition(condition: .onQueue(queue)) }

  private func wake() {
    queue.async {
      self.endTurn()
      self.leave()
    }
  }

  /// Ends a wait. The bell cannot be full: each ring ends one wait.
  private func ring() {
    var one: UInt64 = 1
    _ = unsafe write(bell, &one, 8)
  }

  private func endTurn() {
    for item in mailbox.withLock({ $0.take() }) { item() }
    for work in turnEnds { work() }
  }

  private func leave() {
    if !mailbox.withLock({ $0.leave(for: .away) }) { wake() }
  }

  private func serve() {
    mailbox.withLock { $0.attention = .here }
    for _ in 0..<Self.turnLimit {
      guard let count = nextEvents() else { break }
      for index in 0..<count {
        let identity = unsafe WatchIdentity(word: events[index].data.u64)
        if identity == .bell {
          silence()
        } else if watches[identity.index].generation == identity.generation {
          // A watch that ended earlier in this turn, or whose place was taken since, has another generation.
          watches[identity.index].watcher?.ready(unsafe Readiness(rawValue: events[index].events))
        }
      }
      endTurn()
    }
    leave()
  }

  /// Waits a moment for sockets or for work.
  /// - Returns: how many `events` there are; nil where neither came.
  private func nextEvents() -> Int? {
    var count = fetchEvents(waiting: 0)
    guard count == 0 else { return count }
    guard mailbox.withLock({ $0.leave(for: .waits) }) else { return 0 }
    count = fetchEvents(waiting: Self.waitMilliseconds)
    // Work can come between the end of the wait and this.
    let hasWork = !mailbox.withLock { $0.leave(for: .here) }
    return count > 0 || hasWork ? count : nil
  }

  /// An interrupted call has fetched nothing.
  private func fetchEvents(waiting milliseconds: Int32) -> Int {
    Int(max(0, unsafe epoll_wait(epoll, &events, Int32(Self.eventsPerTurn), milliseconds)))
  }

  private func silence() {
    var count: UInt64 = 0
    _ = unsafe Glibc.read(bell, &count, 8)
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
