import Locks

/// Counts observations in buckets, each bucket holding all that are no greater than its bound.
package final class Histogram: Sendable {
  struct State {
    var counts: [UInt64]
    var sum: Double = 0
  }

  /// Seconds from a tenth of a millisecond to five minutes: a push is journaled in under a millisecond, and a retried restart may
  /// wait for minutes.
  package static let latencyBounds: [Double] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
  ]

  let bounds: [Double]
  private let state: Mutex<State>

  init(bounds: [Double]) {
    self.bounds = bounds
    state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
  }

  package func observe(_ value: Double) {
    let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
    state.withLock {
      $0.counts[bucket] += 1
      $0.sum += value
    }
  }

  package func observe(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    observe(Double(seconds) + Double(attoseconds) * 1e-18)
  }

  var snapshot: State { state.withLock { $0 } }
}
