import HTTP
import HTTP2
import TestSupport
import Testing

/// Frames that were damaged, left out, doubled and moved. Nothing of that may trap, and what is said of it must not depend on how the
/// bytes came.
struct MutationTests {
  private func mutated(_ frames: [RawFrame], _ random: inout SplitMix) -> [UInt8] {
    var frames = frames
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      let index = Int.random(in: 0..<frames.count, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: frames.remove(at: index)
      case 1: frames.insert(frames[index], at: Int.random(in: 0...frames.count, using: &random))
      case 2: frames[index].flags ^= 1 << UInt8.random(in: 0..<8, using: &random)
      default: frames[index].stream = Int32.random(in: 0...20, using: &random)
      }
    }
    var bytes = frames.flatMap(\.bytes)
    for _ in 0..<Int.random(in: 0...2, using: &random) where !bytes.isEmpty {
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
    }
    return bytes
  }

  /// What reaches a service, and how it ends. Where a frame makes its stream malformed and then breaks the connection, the library does
  /// without resetting the stream if it has the whole frame at once.
  private func essence(_ said: [Conversation.Said]) -> [Conversation.Said] {
    said.filter {
      switch $0 {
      case .head, .request, .failed, .error, .finished: true
      case .ended, .rejected: false
      }
    }
  }

  @Test func aServerSaysTheSameOfDamagedInputHoweverItComes() throws {
    for _ in 0..<400 {
      var random = SplitMix()
      let bytes = mutated(HTTP2ServerSessionTests.manyThings, &random)
      let whole = try Conversation()
      whole.feed(bytes)
      let split = try Conversation()
      for piece in HTTP2Tests.split(bytes, upTo: 50, &random) { split.feed(piece) }
      #expect(essence(split.said) == essence(whole.said), "seed \(random.seed)")
      #expect(split.goAways == whole.goAways, "seed \(random.seed)")
    }
  }

  @Test func aClientIsNotHarmedByDamagedInput() throws {
    let frames: [RawFrame] = [
      .headers(1, [(":status", "103")], ends: false), .headers(1, [(":status", "200"), ("content-length", "5")], ends: false),
      .data(1, 5), .ping, RawFrame(kind: .ping, flags: RawFrame.acknowledgement, payload: Array(repeating: 0, count: 8)),
      .settings([(3, 1), (4, 100)]), .headers(1, [("t", "v")]), .windowUpdate(0, 5), .reset(1), .goAway(last: 1),
    ]
    for _ in 0..<400 {
      var random = SplitMix()
      let bytes = mutated(frames, &random)
      let listener = try Listener([])
      for piece in HTTP2Tests.split(bytes, upTo: 50, &random) { listener.feed(piece) }
      #expect(listener.session.openStreamCount >= 0, "seed \(random.seed)")
    }
  }
}
