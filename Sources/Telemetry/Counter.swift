import Synchronization

/// A count that only grows.
package final class Counter: Sendable {
  private let count = Atomic<UInt64>(0)

  init() {}

  package func add(_ amount: UInt64 = 1) { count.wrappingAdd(amount, ordering: .relaxed) }

  package var value: UInt64 { count.load(ordering: .relaxed) }
}
