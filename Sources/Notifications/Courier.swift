package import Clocks
import Dispatch
package import Events
import HTTP
import HTTPClient
import JSON
package import Logging
package import Telemetry
import Workers

/// Sends what waits in the outbox to one receiver, until it is cancelled.
///
/// It looks once a second. After a message it rests for a few seconds, so that what comes in a burst goes into the next one; after a failure it waits
/// longer each time. What it does with a notice is journaled before the notice leaves the outbox.
package struct Courier: Sendable {
  /// What became of a notice.
  package struct Settlement: Hashable, Sendable {
    package let receiver: String
    package let notice: Notice
    package let isDelivered: Bool
    /// What the receiver said, or why the notice was given up.
    package let detail: String
  }

  /// What a courier needs of those who have the log.
  package struct Journal: Sendable {
    let pending: @Sendable (_ receiver: String, _ limit: Int) -> [Notice]
    let event: @Sendable (_ id: String) throws -> Event
    let settle: @Sendable ([Settlement]) async throws -> Void

    /// - Parameters:
    ///   - pending: `Outbox.pending`, of the log as it is.
    ///   - event: reads an event again. It may block.
    ///   - settle: returns when the settlements are durable, and the outbox without those notices; throws if it never will be.
    package init(
      pending: @escaping @Sendable (_ receiver: String, _ limit: Int) -> [Notice],
      event: @escaping @Sendable (_ id: String) throws -> Event, settle: @escaping @Sendable ([Settlement]) async throws -> Void
    ) {
      self.pending = pending
      self.event = event
      self.settle = settle
    }
  }

  private static let look = Duration.seconds(1)
  /// Between two messages that people read.
  private static let rest = Duration.seconds(5)
  private static let callDeadline = Duration.seconds(10)
  private static let retry = RetryPolicy(base: .seconds(2), cap: .seconds(300))
  /// However long a receiver asks us to wait.
  private static let waitLimit = Duration.seconds(3600)
  private static let queue = DispatchQueue(label: "relaunch.notifications")

  private let receiver: Receiver
  private let journal: Journal
  private let wallClock: any WallClock
  private let metrics: CourierMetrics
  private let logger: Logger

  package init(
    _ receiver: Receiver, journal: Journal, wallClock: any WallClock, metrics: CourierMetrics,
    logger: Logger
  ) {
    self.receiver = receiver
    self.journal = journal
    self.wallClock = wallClock
    self.metrics = metrics
    self.logger = logger
  }

  /// - Parameter clock: by which it looks, rests and waits.
  package func run(clock: some Clock<Duration>) async {
    var failures = 0
    var wait = Self.look
    while !Task.isCancelled {
      do { try await clock.sleep(for: wait, tolerance: nil) } catch { return }
      let notices = journal.pending(receiver.name, receiver.format.noticesLimit)
      guard !notices.isEmpty else {
        wait = Self.look
        continue
      }
      let outcome = await send(notices)
      // Whether it arrived nobody knows then; it is sent again after the next start.
      if Task.isCancelled { return }
      do {
        switch outcome {
        case .delivered(let detail):
          failures = 0
          metrics.sent.add(UInt64(notices.count))
          try await settle(notices, isDelivered: true, detail)
          wait = receiver.format == .pubSub ? .zero : Self.rest
        case .refused(let detail):
          metrics.failed.add()
          try await giveUp(notices, detail)
          wait = Self.look
        case .failed(let detail, let retryAfter):
          failures += 1
          metrics.failed.add()
          logger.warning(
            "notification failed",
            metadata: [
              "receiver": "\(receiver.name)", "error": "\(detail)", "failures": "\(failures)", "notices": "\(notices.count)",
            ])
          let now = wallClock.now()
          try await giveUp(notices.filter { now - $0.at > receiver.deadline }, "\(detail), for \(receiver.deadline)")
          // An existential has an address, and an empty struct none: ThreadSanitizer's code reads there.
          var generator: any RandomNumberGenerator = SystemRandomNumberGenerator()
          let drawn = Self.retry.wait(afterFailures: failures, retryAfter: retryAfter, using: &generator)
          // What is drawn may be nothing, and nobody is helped by a message that is repeated at once.
          wait = max(Self.look, min(drawn, Self.waitLimit))
        }
      } catch {
        // The log takes nothing more, and the process ends.
        return logger.error("notification not recorded", metadata: ["receiver": "\(receiver.name)", "error": "\(error)"])
      }
    }
  }

  // MARK: Sending

  private enum Outcome {
    case delivered(String)
    /// It would be refused again.
    case refused(String)
    case failed(String, retryAfter: Duration?)
  }

  private func send(_ notices: [Notice]) async -> Outcome {
    let request: ClientRequest
    switch await content(notices) {
    case .success(.request(let made)): request = made
    case .success(.unreadable(let reason)): return .refused(reason)
    case .failure(let error): return .failed("\(error)", retryAfter: nil)
    }
    do throws(HTTPClientError) {
      let response = try await receiver.sender.send(request, deadline: Self.callDeadline)
      return Self.outcome(response)
    } catch {
      return .failed("\(error)", retryAfter: nil)
    }
  }

  private static func outcome(_ response: ClientResponse) -> Outcome {
    // Not a word of the content: whoever answers may repeat what was sent, and the address with it.
    let text = "HTTP \(response.status)"
    switch response.status.rawValue {
    case 200..<300: return .delivered(text)
    // What is wrong with the address or the credentials can be mended while the notices wait.
    case 401, 403, 404, 407, 408, 410, 425, 429, 500...:
      return .failed(text, retryAfter: response.fields[.retryAfter].flatMap { Int64($0) }.map { .seconds(min(max($0, 0), 3600)) })
    case 300..<400: return .failed("\(text): redirects are not followed", retryAfter: nil)
    default: return .refused(text)
    }
  }

  private enum Content {
    case request(ClientRequest)
    /// The event cannot be read any more.
    case unreadable(String)
  }

  /// Reading files and the log blocks, so it has a queue of its own.
  private func content(_ notices: [Notice]) async -> Result<Content, DestinationError> {
    await withCheckedContinuation { continuation in
      Self.queue.async {
        continuation.resume(
          returning: Result { () throws(DestinationError) in
            let content: JSONValue
            switch receiver.format {
            case .slack: content = SlackText.message(notices)
            case .json: content = ["notices": .array(notices.map(\.json))]
            case .pubSub:
              do { content = PushedLetter.envelope(try journal.event(notices[0].eventID), notices[0]) } catch {
                return .unreadable("its event cannot be read again: \(error)")
              }
            }
            return .request(try receiver.destination.request(content.serialized()))
          })
      }
    }
  }

  // MARK: Recording

  private func giveUp(_ notices: [Notice], _ detail: String) async throws {
    guard !notices.isEmpty else { return }
    metrics.givenUp.add(UInt64(notices.count))
    logger.error(
      "notification given up",
      metadata: ["receiver": "\(receiver.name)", "error": "\(detail)", "notices": "\(notices.count)"])
    try await settle(notices, isDelivered: false, detail)
  }

  private func settle(_ notices: [Notice], isDelivered: Bool, _ detail: String) async throws {
    try await journal.settle(
      notices.map { Settlement(receiver: receiver.name, notice: $0, isDelivered: isDelivered, detail: detail) })
  }
}

/// What couriers count, by the name that the configuration gives their receiver.
package struct CourierMetrics: Sendable {
  private let receiver: String
  let sent: Counter
  let failed: Counter
  let givenUp: Counter

  package init(_ registry: MetricsRegistry, receiver: String) {
    self.receiver = receiver
    let labels = [(name: "receiver", value: receiver)]
    sent = registry.counter("relaunch_notifications_sent_total", "Notices that were delivered.", labels)
    failed = registry.counter("relaunch_notifications_failed_total", "Messages that were not delivered.", labels)
    givenUp = registry.counter("relaunch_notifications_given_up_total", "Notices that are not tried again.", labels)
  }

  /// Gauges of what waits for the receiver, and of what it will never get.
  package func observe(in registry: MetricsRegistry, _ counts: @escaping @Sendable () -> (pending: Int, dropped: Int)) {
    let labels = [(name: "receiver", value: receiver)]
    registry.gauge("relaunch_notifications_pending", "Notices that are still to be delivered.", labels) {
      Double(counts().pending)
    }
    registry.gauge(
      "relaunch_notifications_dropped", "Notices that were dropped because too many waited.", labels
    ) { Double(counts().dropped) }
  }
}
