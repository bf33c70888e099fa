import Dispatch
import Synchronization
import Testing
import Transport

struct LoopTests {
  @Test func doesAllWorkInTheOrderItWasBrought() async throws {
    let loop = try Loop(name: "test")
    let done = LoopBound(Box<[Int]>([]), to: loop)
    for number in 0..<1000 {
      loop.perform {
        done.value.content.append(number)
        // Brought from the loop itself: done later, never inside this call.
        if number == 999 { loop.perform { done.value.content.append(1000) } }
      }
    }
    let all = await withCheckedContinuation { continuation in
      loop.perform { loop.perform { continuation.resume(returning: done.value.content) } }
    }
    #expect(all == Array(0...1000))
  }

  @Test func losesNoWorkThatManyThreadsBringWhileSocketsAreServed() async throws {
    let loop = try Loop(name: "test")
    let tally = Tally()
    let (threads, each) = (4, 5000)
    // A listener and connections keep the loop turning meanwhile.
    let port = try await echoPort(on: loop)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<threads {
        group.addTask {
          await withCheckedContinuation { continuation in
            for number in 0..<each {
              loop.perform {
                tally.count.add(1, ordering: .relaxed)
                if number == each - 1 { continuation.resume() }
              }
            }
          }
        }
      }
      group.addTask { for _ in 0..<50 { #expect(await echoed("x", port: port) == "x") } }
    }
    #expect(tally.count.load(ordering: .relaxed) == threads * each)
  }
}

final class Box<Content> {
  var content: Content

  init(_ content: Content) { self.content = content }
}

private final class Tally: Sendable {
  let count = Atomic(0)
}
