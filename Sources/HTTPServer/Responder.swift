package import HTTP
import Transport

/// The right to answer one request, from any thread, once. A second answer, or one to a connection that is gone, does nothing.
package struct Responder: Sendable {
  /// Weak, for an answer may be owed long after the connection is gone, and the socket would stay open as long.
  private struct Asker {
    weak var conversation: (any ServerConversation)?
  }

  private let asker: LoopBound<Asker>
  private let number: UInt64

  init(_ conversation: any ServerConversation, on loop: Loop, number: UInt64) {
    asker = LoopBound(Asker(conversation: conversation), to: loop)
    self.number = number
  }

  /// Sends `response`. Answers that are given in a row share one hop to the loop.
  package func send(_ response: HTTPResponse) {
    asker.loop.perform { asker.value.conversation?.respond(response, to: number) }
  }
}
