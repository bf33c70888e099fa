import HTTP

/// Cuts what the peer sends into pieces that belong to one frame each, so that every frame is looked at before the library sees it.
///
/// The library tells of most frames, but not of unknown ones, nor of those it drops; and it says nothing before it acts.
struct FrameReader {
  struct Piece {
    /// nil for the preface, and for the rest of a frame whose beginning came earlier.
    let header: FrameHeader?
    /// How many bytes it has, from the front.
    let count: Int
  }

  private var queue = ByteQueue()
  private var payloadLeft = 0
  /// Whether everything so far may be the client's preface, which is not complete yet.
  private(set) var awaitsPreface: Bool

  /// - Parameter isServer: the peer begins with the client's preface.
  init(isServer: Bool) { awaitsPreface = isServer }

  var bufferedBytes: Int { queue.count }

  /// Whether a frame has come in part.
  var isAmidFrame: Bool { isAmidPayload || !queue.isEmpty }
  /// Whether a frame was removed in part.
  var isAmidPayload: Bool { payloadLeft > 0 }

  mutating func receive(_ bytes: Span<UInt8>) { queue.append(bytes) }

  /// The piece at the front; nil where more bytes are needed. It stays there until `remove`.
  func next() throws(HTTP2Error) -> Piece? {
    if awaitsPreface {
      let verdict = queue.withBytes(0..<queue.count) { HTTP2Preface.recognize($0) }
      guard verdict != .http1 else { throw .notHTTP2 }
      return verdict == .http2 ? Piece(header: nil, count: HTTP2Preface.bytes.count) : nil
    }
    if payloadLeft > 0 { return queue.isEmpty ? nil : Piece(header: nil, count: min(payloadLeft, queue.count)) }
    guard let header = FrameHeader(queue) else { return nil }
    return Piece(header: header, count: min(FrameHeader.byteCount + header.length, queue.count))
  }

  /// Lends the bytes of `piece`, which `next` has returned.
  func withBytes(of piece: Piece, _ body: (Span<UInt8>) throws(HTTP2Error) -> Void) throws(HTTP2Error) {
    try queue.withBytes(0..<piece.count, body)
  }

  mutating func remove(_ piece: Piece) {
    queue.removeFirst(piece.count)
    if let header = piece.header {
      payloadLeft = FrameHeader.byteCount + header.length - piece.count
    } else if awaitsPreface {
      awaitsPreface = false
    } else {
      payloadLeft -= piece.count
    }
  }
}
