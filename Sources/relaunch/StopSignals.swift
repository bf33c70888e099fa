import Dispatch
import Glibc
import Synchronization

/// SIGTERM and SIGINT, awaited.
///
// @unchecked: `sources` is constant and only kept alive; the rest is locked.
final class StopSignals: @unchecked Sendable {
  private struct State {
    var isTriggered = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())
  private let sources: [any DispatchSourceSignal]

  init() {
    // A peer that is gone is an error of a call, not the end of the process.
    _ = signal(SIGPIPE, SIG_IGN)
    sources = [SIGTERM, SIGINT].map { number in
      _ = signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: .global())
    }
    for source in sources {
      source.setEventHandler { @Sendable [weak self] in self?.trigger() }
      source.activate()
    }
  }

  func trigger() {
    let waiter = state.withLock { state in
      state.isTriggered = true
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  /// Returns at the first signal. To be called once.
  func wait() async {
    await withCheckedContinuation { continuation in
      let isTriggered = state.withLock { state in
        if !state.isTriggered { state.waiter = continuation }
        return state.isTriggered
      }
      if isTriggered { continuation.resume() }
    }
  }
}
