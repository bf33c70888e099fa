import Clocks
import Locks

/// A time of day that moves when it is told to.
final class ManualWallClock: WallClock {
  private let instant: Mutex<Timestamp>

  init(_ text: String) { instant = Mutex(time(text)) }

  func now() -> Timestamp { instant.withLock { $0 } }
  func set(_ text: String) { instant.withLock { $0 = time(text) } }
}

/// The instant that an RFC 3339 text names. A typing error in a test gives 1970, which no test expects.
func time(_ text: String) -> Timestamp { Timestamp(rfc3339: text) ?? Timestamp(nanoseconds: 0) }
