import Transport

/// The content of a response, piece by piece as it comes. It is read once, by one task at a time.
///
/// What is not read holds the server back, and nobody else. Cancelling the task that reads, or dropping the sequence and its iterator,
/// gives the response up.
package struct ResponseContent: AsyncSequence, Sendable {
  package typealias Element = [UInt8]
  package typealias Failure = HTTPClientError

  package struct Iterator: AsyncIteratorProtocol {
    fileprivate let reader: Reader

    /// The next piece, of at least one byte; nil after the last.
    /// - Throws: where the connection is lost, the content is malformed, nothing has come for the call's silence limit, or the task is
    ///   cancelled. Pieces that had come before are given first.
    package mutating func next(isolation actor: isolated (any Actor)? = #isolation) async throws(HTTPClientError) -> [UInt8]? {
      try await reader.next().get()
    }
  }

  /// Gives the response up once nobody can read it any more.
  fileprivate final class Reader: Sendable {
    let call: LoopBound<StreamedCall>

    init(_ call: LoopBound<StreamedCall>) { self.call = call }

    deinit { call.loop.perform { [call] in call.value.cancel() } }

    func next() async -> StreamedCall.Piece {
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in call.loop.perform { [call] in call.value.read(continuation) } }
      } onCancel: {
        call.loop.perform { [call] in call.value.cancel() }
      }
    }
  }

  private let reader: Reader

  init(_ call: LoopBound<StreamedCall>) { reader = Reader(call) }

  package func makeAsyncIterator() -> Iterator { Iterator(reader: reader) }
}
