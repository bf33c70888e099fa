import HTTP

/// What both sides of an HTTP/2 connection (RFC 9113) have in common: a byte machine that is fed bytes and drained. It belongs to one
/// loop and never touches a socket or a clock.
///
/// The owner feeds bytes with `receive`, calls the side's `next` until it needs more, sends what `takeOutput` then gives, says in
/// `unsentBytes` how much of it has not left, and begins again if `canContinue`. It does so after any other call too, and when bytes
/// have left. Deadlines are the owner's: `hasReceivedPreface`, `isAmidFrame`, `isIdle`, `isCongested` and `isBlockedByPeer` say which
/// of them applies.
package class HTTP2Session {
  /// Some clients give credit for each 4 KiB, both to the stream and to the connection.
  private static let bytesPerWindowUpdate = 2 << 10
  private static let creditableBytesLimit = 64 << 20

  let limits: HTTP2Limits
  let library: LibrarySession
  /// When the last bytes came.
  private(set) var now: ContinuousClock.Instant
  private(set) var ending: HTTP2Error?
  /// Whether the library knows of `ending`.
  private var isTerminated = false
  /// Whether the last GOAWAY is among the output: after it nothing more is sent.
  private var hasSaidGoodbye = false
  private var reader: FrameReader
  private var resets: TokenBucket
  private var controlFrames: TokenBucket
  private var continuations = 0
  /// Content that was sent and that the peer may give credit for again, in bytes.
  private var creditableBytes = 0
  private var isAmidFields = false
  private var output: [UInt8] = []

  /// Whether something was left undone because of `isCongested`.
  private var isHeldBack = false

  /// Bytes that `takeOutput` gave and that have not left for the peer.
  package var unsentBytes = 0
  /// Whether the peer's preface with its first SETTINGS has come whole. A connection without it is not worth keeping for long.
  package private(set) var hasReceivedPreface = false
  /// How many frames have come whole; those of one header section count as one.
  package private(set) var frameCount = 0
  /// Streams that are not over. Those of a peer are at most `HTTP2Limits.concurrentStreamsLimit`.
  package internal(set) var openStreamCount = 0
  /// Content that has become output, in bytes, from the beginning. While it grows the peer gets on, and no deadline of its own making
  /// has passed.
  package private(set) var sentContentBytes = 0
  /// Content that was given to the session and has not become output.
  var waitingContentBytes = 0

  init(isServer: Bool, _ limits: HTTP2Limits, _ settings: [(HTTP2Setting, Int)], at now: ContinuousClock.Instant)
    throws(HTTP2Error)
  {
    self.limits = limits
    self.now = now
    library = try LibrarySession(isServer: isServer)
    reader = FrameReader(isServer: isServer)
    resets = TokenBucket(limits.resets)
    controlFrames = TokenBucket(limits.controlFrames)
    library.setOwner(self)
    try library.submitSettings(settings)
    try library.setConnectionWindow(limits.connectionWindowBytes)
  }

  // MARK: For the owner

  /// Takes bytes from the peer, which came at `now`. They are kept until `next` uses them.
  package func receive(_ bytes: Span<UInt8>, at now: ContinuousClock.Instant) {
    self.now = max(now, self.now)
    if ending == nil { reader.receive(bytes) }
  }

  /// All that is to be sent now, in the order it is to be sent.
  package func takeOutput() -> [UInt8] {
    let taken = output
    output = []
    unsentBytes += taken.count
    return taken
  }

  package var isIdle: Bool { openStreamCount == 0 }

  /// Whether a frame or a header section has come in part: neither may take for ever.
  package var isAmidFrame: Bool { isAmidFields || reader.isAmidFrame }

  /// Whether so much output is unread that no input is used until `unsentBytes` has fallen: time to stop reading from the socket.
  package var isCongested: Bool { output.count + unsentBytes >= limits.unsentBytesLimit }

  /// Whether `next` has more to do than when it last needed more: output that was in the way has left.
  package var canContinue: Bool { isHeldBack && !isCongested }

  /// Whether content waits and the peer gives no credit for any of it (RFC 9113 section 5.2). A fast connection is so most of the time,
  /// for a moment; only if `sentContentBytes` stays as it is as well, someone holds our memory at no cost to himself.
  package var isBlockedByPeer: Bool { ending == nil && waitingContentBytes > 0 && !library.wantsOutput }

  /// Bytes that were received and not used yet: of an unfinished frame, or kept back.
  package var bufferedBytes: Int { reader.bufferedBytes }

  // MARK: Stepping

  /// Whether the connection has come to its orderly end: GOAWAY was said, every stream is over, and nothing is left to send.
  var isFinished: Bool { ending == nil && !library.wantsInput && !library.wantsOutput }

  /// Gives the library the next piece of what has come.
  /// - Returns: false where nothing more can be done now.
  func step() -> Bool {
    guard ending == nil else { return false }
    do {
      guard let piece = try reader.next() else { return false }
      guard !isCongested else {
        isHeldBack = true
        return false
      }
      if let header = piece.header { try judge(header) }
      try reader.withBytes(of: piece) { (bytes) throws(HTTP2Error) in try library.receive(bytes) }
      reader.remove(piece)
      if !reader.isAmidPayload, !isAmidFields { frameCount += 1 }
    } catch {
      fail(error)
    }
    pump()
    return ending == nil
  }

  /// Turns what there is to say into output, as much of it as the peer reads.
  func pump() {
    isHeldBack = false
    do {
      repeat {
        if let ending, !isTerminated {
          isTerminated = true
          library.terminate(ending.code)
        }
        guard !hasSaidGoodbye else { return }
        guard ending != nil || !isCongested else {
          isHeldBack = library.wantsOutput
          return
        }
        // What the library tells while it makes a frame may end the session.
      } while try library.takeFrame(into: &output) || (ending != nil && !isTerminated)
    } catch {
      hasSaidGoodbye = true
      fail(error)
    }
  }

  /// Ends the session for `error`; the next `pump` tells the peer. May be called by what the library calls.
  func fail(_ error: HTTP2Error) { if ending == nil { ending = error } }

  /// Runs a call of the library's that fails only when it has no memory left.
  func attempt(_ body: () throws(HTTP2Error) -> Void) {
    do { try body() } catch { fail(error) }
  }

  // MARK: Judging frames

  /// Looks at a frame before the library does.
  private func judge(_ header: FrameHeader) throws(HTTP2Error) {
    switch header.kind {
    case .resetStream: guard isFree(reset: header) || resets.take(now) else { throw .tooManyResets }
    case .headers:
      continuations = 0
      isAmidFields = !header.endsFields
      if try isStray(headers: header) { try charge() }
    case .data: if header.isEmptyData || isStray(data: header) { try charge() }
    case .continuation:
      continuations += 1
      isAmidFields = !header.endsFields
      guard continuations <= limits.continuationsLimit else { throw .tooManyContinuations }
      try charge()
    case .windowUpdate:
      // Whoever reads much gives much credit. By the byte, not by the frame: with a window of one byte each frame would bring the next.
      if creditableBytes >= Self.bytesPerWindowUpdate {
        creditableBytes -= Self.bytesPerWindowUpdate
      } else {
        try charge()
      }
    case .priority, .settings, .ping, .goAway, nil: try charge()
    // Nobody pushes: a client may not, and a client of ours says so to the server before it asks for anything.
    case .pushPromise: throw .violation(.protocolError, reason: "PUSH_PROMISE")
    }
  }

  private func charge() throws(HTTP2Error) {
    guard controlFrames.take(now) else { throw .tooManyControlFrames }
  }

  // MARK: For a side to say

  /// Whether a RST_STREAM frame is one that no budget has to stop.
  func isFree(reset: FrameHeader) -> Bool { false }

  /// Whether a HEADERS frame belongs to no stream that is open or may be opened, so that its fields will go nowhere.
  func isStray(headers: FrameHeader) throws(HTTP2Error) -> Bool { false }

  /// Whether a DATA frame belongs to no stream that is open, or was until a moment ago.
  func isStray(data: FrameHeader) -> Bool { false }

  /// The next bytes of the content to be sent on a stream, and whether they are the last; nil where there is no such stream.
  func content(of id: Int32, upTo limit: Int) -> (ArraySlice<UInt8>, isLast: Bool)? { nil }

  // MARK: What the library tells

  func fieldsBegan(on id: Int32) {}
  /// - Returns: false to have the stream reset, and the rest of its fields thrown away.
  func fieldCame(_ name: Span<UInt8>, _ value: Span<UInt8>, on id: Int32) -> Bool { true }
  func fieldsEnded(on id: Int32, endsStream: Bool) {}
  func contentCame(_ bytes: Span<UInt8>, on id: Int32) {}
  func contentEnded(on id: Int32) {}
  func resetCame(_ code: HTTP2ErrorCode, on id: Int32) {}
  func endSent(on id: Int32) {}
  func streamClosed(_ id: Int32, _ code: HTTP2ErrorCode) {}
  func pingAcknowledged(_ payload: UInt64) {}
  func goAwayCame(_ code: HTTP2ErrorCode, last: Int32) {}

  func settingsCame() { hasReceivedPreface = true }

  func resetSent(_ code: HTTP2ErrorCode, on id: Int32) {
    // NO_ERROR follows an answer that did not need the rest of the request: no fault of the peer's.
    if code != .noError, !resets.take(now) { fail(.tooManyResets) }
  }

  func contentSent(_ count: Int) {
    sentContentBytes += count
    creditableBytes = min(creditableBytes + count, Self.creditableBytesLimit)
  }

  func goAwaySent(_ code: HTTP2ErrorCode, _ reason: String) {
    guard code != .noError else { return }
    fail(.violation(code, reason: reason))
    hasSaidGoodbye = true
  }
}
