import Clocks
import DequeModule
import OpenSSL

/// The messages that were received, so that a redelivery is told from a new message: the newest `limit` of them.
///
/// By count and not by age: a clock that jumps forgets nothing. It outlives the events themselves, and the segments that held them.
struct KnownMessages: Sendable {
  struct Message: Hashable, Sendable {
    let key: SHA256Digest
    /// The event's id.
    let id: String
    let receivedAt: Timestamp
    /// The segment of the log that says so.
    var segment: UInt64
  }

  private let limit: Int
  /// The oldest first.
  private var messages = Deque<Message>()
  /// The number of the first in `messages`.
  private var firstNumber = 0
  private var numbers: [SHA256Digest: Int] = [:]

  init(limit: Int) { self.limit = limit }

  var count: Int { messages.count }

  /// The id of the event that the message is.
  subscript(key: SHA256Digest) -> String? { numbers[key].map { messages[$0 - firstNumber].id } }

  /// Takes a message that is not known yet.
  mutating func insert(_ message: Message) {
    let number = firstNumber + messages.count
    if let earlier = numbers.updateValue(number, forKey: message.key) { return numbers[message.key] = earlier }
    messages.append(message)
    while messages.count > limit, let oldest = messages.popFirst() {
      firstNumber += 1
      numbers[oldest.key] = nil
    }
  }

  /// Those that only segments before `segment` speak of, oldest first.
  func inSegments(before segment: UInt64) -> [Message] { messages.filter { $0.segment < segment } }

  /// Notes that a segment speaks of the message too, perhaps for the first time.
  mutating func move(_ message: Message) {
    guard let number = numbers[message.key] else { return insert(message) }
    messages[number - firstNumber].segment = message.segment
  }

  /// Brings them in order by time, after messages were taken that had been moved to later segments.
  mutating func sort() {
    messages.sort { $0.receivedAt < $1.receivedAt }
    for (index, message) in messages.enumerated() { numbers[message.key] = firstNumber + index }
  }
}
