import HTTP

/// The first nine bytes of a frame, RFC 9113 section 4.1, and the length of the padding of a DATA frame, which comes after them.
struct FrameHeader: Equatable {
  enum Kind: UInt8 {
    case data, headers, priority, resetStream, settings, pushPromise, ping, goAway, windowUpdate, continuation
  }

  static let byteCount = 9

  /// Of the payload, in bytes.
  let length: Int
  /// nil for a type that we do not know.
  let kind: Kind?
  let flags: UInt8
  let streamID: Int32
  /// Bytes of the payload that are padding or say how much there is. Known of DATA frames only.
  let paddingLength: Int

  var endsStream: Bool { flags & 0x1 != 0 }

  /// Whether a header section ends with this HEADERS or CONTINUATION frame.
  var endsFields: Bool { flags & 0x4 != 0 }

  /// A DATA frame that brings nothing: no bytes, and no end.
  var isEmptyData: Bool { kind == .data && length <= paddingLength && !endsStream }

  /// Reads the header that `queue` begins with; nil where not all of it has come.
  init?(_ queue: borrowing ByteQueue) {
    guard queue.count >= Self.byteCount else { return nil }
    length = Int(queue[0]) << 16 | Int(queue[1]) << 8 | Int(queue[2])
    kind = Kind(rawValue: queue[3])
    flags = queue[4]
    // The first bit is reserved and means nothing.
    let bits = UInt32(queue[5]) << 24 | UInt32(queue[6]) << 16 | UInt32(queue[7]) << 8 | UInt32(queue[8])
    streamID = Int32(bits & 0x7fff_ffff)
    guard kind == .data, flags & 0x8 != 0, length > 0 else {
      paddingLength = 0
      return
    }
    guard queue.count > Self.byteCount else { return nil }
    paddingLength = Int(queue[Self.byteCount]) + 1
  }
}
