import Locks

/// A clock that moves when it is told to.
final class ManualClock: Clock {
  struct Instant: InstantProtocol {
    var offset: Duration

    func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    func duration(to other: Instant) -> Duration { other.offset - offset }
    static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
  }

  private struct State {
    var now = Instant(offset: .zero)
    var numbers = 0
    var sleepsBegun = 0
    var sleepers: [Int: (end: Instant, continuation: CheckedContinuation<Bool, Never>)] = [:]
    var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())

  var now: Instant { state.withLock { $0.now } }
  var minimumResolution: Duration { .nanoseconds(1) }

  /// How many sleeps were ever begun.
  var sleepsBegun: Int { state.withLock { $0.sleepsBegun } }

  /// The end of the sleep that ends first.
  var nextEnd: Instant? { state.withLock { $0.sleepers.values.map(\.end).min() } }

  func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    let number = state.withLock { state in
      state.numbers += 1
      return state.numbers
    }
    let isOver = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (isOver, watchers) = state.withLock { state in
          state.sleepsBegun += 1
          let isOver = deadline <= state.now
          if !isOver { state.sleepers[number] = (deadline, continuation) }
          let watchers = state.watchers.filter { $0.count <= state.sleepsBegun }
          state.watchers.removeAll { $0.count <= state.sleepsBegun }
          return (isOver, watchers)
        }
        for watcher in watchers { watcher.continuation.resume() }
        if isOver { continuation.resume(returning: true) } else if Task.isCancelled { cancel(number) }
      }
    } onCancel: {
      cancel(number)
    }
    if !isOver { throw CancellationError() }
  }

  private func cancel(_ number: Int) {
    state.withLock { $0.sleepers.removeValue(forKey: number) }?.continuation.resume(returning: false)
  }

  func advance(by duration: Duration) { advance(to: now.advanced(by: duration)) }

  func advance(to instant: Instant) {
    let woken = state.withLock { state in
      state.now = max(state.now, instant)
      let over = state.sleepers.filter { $0.value.end <= state.now }
      for number in over.keys { state.sleepers[number] = nil }
      return over.values.map(\.continuation)
    }
    for continuation in woken { continuation.resume(returning: true) }
  }

  /// Waits until `count` sleeps were begun in all.
  func sleeps(reach count: Int) async {
    await withCheckedContinuation { continuation in
      let isReached = state.withLock { state in
        if state.sleepsBegun < count { state.watchers.append((count, continuation)) }
        return state.sleepsBegun >= count
      }
      if isReached { continuation.resume() }
    }
  }
}
