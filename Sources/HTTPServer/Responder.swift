package import HTTP
import Transport

/// The right to answer one request, from any thread, once. A second answer, or one to a connection that is gone, does nothing.
package struct Responder: Sendable {
  private let connection: LoopBound<ServerConnection>
  private let number: UInt64

  init(_ connection: LoopBound<ServerConnection>, number: UInt64) {
    self.connection = connection
    self.number = number
  }

  /// Sends `response`. Answers that are given in a row share one hop to the loop.
  package func send(_ response: HTTPResponse) {
    connection.loop.perform { connection.value.respond(response, to: number) }
  }
}
