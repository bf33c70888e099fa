internal import Glibc

/// Tells the time of day. Token times, record stamps and Kubernetes annotations come from it; time-outs and backoff never do, for
/// the wall clock jumps.
package protocol WallClock: Sendable {
  func now() -> Timestamp
}

/// The machine's wall clock.
package struct SystemWallClock: WallClock {
  package init() {}

  package func now() -> Timestamp {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
  }
}
