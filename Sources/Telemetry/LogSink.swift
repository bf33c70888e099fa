import Dispatch
import Glibc
import Locks

/// Writes log lines to a descriptor from a queue of its own, so that no caller waits for a slow reader of our output.
///
/// Lines that wait are bounded. When the bound is reached lines are left out, and as soon as there is room again a line says how
/// many: a log that silently has holes would be taken for the truth.
package final class LogSink: Sendable {
  private struct State {
    var waiting: [UInt8] = []
    var isScheduled = false
    var omitted = 0

    mutating func sayOmitted() {
      guard omitted > 0 else { return }
      waiting += Array("{\"level\":\"warning\",\"event\":\"log lines omitted\",\"count\":\"\(omitted)\"}\n".utf8)
      omitted = 0
    }
  }

  private static let waitingBytesLimit = 4 << 20

  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "relaunch.log-sink")
  private let descriptor: Int32

  /// - Parameter descriptor: stays the caller's; standard error by default, so that standard output is free for what scripts read.
  package init(descriptor: Int32 = STDERR_FILENO) { self.descriptor = descriptor }

  /// Queues one line, which ends in a line feed.
  func write(_ line: [UInt8]) {
    let mustSchedule = state.withLock { state -> Bool in
      guard state.waiting.count + line.count <= Self.waitingBytesLimit else {
        state.omitted += 1
        return false
      }
      state.sayOmitted()
      state.waiting += line
      defer { state.isScheduled = true }
      return !state.isScheduled
    }
    // Lines of one moment share a write and a hop to the queue.
    if mustSchedule { queue.asyncAfter(deadline: .now() + .milliseconds(2)) { self.drain() } }
  }

  /// Returns once every line that was queued before is written.
  package func flush() { queue.sync { drain() } }

  private func drain() {
    while true {
      let bytes = state.withLock { state -> [UInt8] in
        defer { state.waiting = [] }
        if state.waiting.isEmpty { state.sayOmitted() }
        if state.waiting.isEmpty { state.isScheduled = false }
        return state.waiting
      }
      if bytes.isEmpty { return }
      write(all: bytes)
    }
  }

  private func write(all bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written > 0 {
        rest = rest.dropFirst(written)
      } else if errno == EAGAIN {
        // A descriptor that we share may have been made non-blocking by someone else.
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe Glibc.poll(&poll, 1, -1)
      } else if errno != EINTR {
        // Nobody reads our log any more. There is nowhere to say so; the work goes on.
        return
      }
    }
  }
}
