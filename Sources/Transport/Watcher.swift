import CShims

/// What a socket is ready for, in epoll's bits.
struct Readiness: OptionSet, Sendable {
  let rawValue: UInt32

  static let input = Readiness(rawValue: EPOLLIN.rawValue)
  static let output = Readiness(rawValue: EPOLLOUT.rawValue)
  static let error = Readiness(rawValue: EPOLLERR.rawValue)
  static let hangUp = Readiness(rawValue: EPOLLHUP.rawValue)
}

/// One who waits for a descriptor on a loop. Both calls come on the loop's queue.
protocol Watcher: AnyObject {
  func ready(_ readiness: Readiness)
  /// Called a few times a second, for deadlines.
  func tick(_ now: ContinuousClock.Instant)
}

/// Names a watch. An event that was fetched before its watch ended carries an old generation and is passed over.
struct WatchIdentity: Equatable, Sendable {
  let index: Int
  let generation: UInt32

  init(index: Int, generation: UInt32) {
    self.index = index
    self.generation = generation
  }

  /// The identity as the 64 bits that epoll keeps for us.
  init(word: UInt64) {
    index = Int(UInt32(truncatingIfNeeded: word))
    generation = UInt32(truncatingIfNeeded: word >> 32)
  }

  /// The loop's own bell, which nobody watches.
  static let bell = WatchIdentity(index: Int(UInt32.max), generation: .max)

  var word: UInt64 { UInt64(generation) << 32 | UInt64(UInt32(truncatingIfNeeded: index)) }
}
