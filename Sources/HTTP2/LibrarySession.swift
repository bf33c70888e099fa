import CNGHTTP2

/// The library's session: the only type that holds its handle.
///
/// @safe: the handle lives and dies with this value, no pointer leaves it, and what the library is given it copies.
@safe struct LibrarySession: ~Copyable {
  private let raw: OpaquePointer

  /// - Parameter isServer: else a client, which will send the preface.
  init(isServer: Bool) throws(HTTP2Error) {
    var callbacks: OpaquePointer?
    var options: OpaquePointer?
    var session: OpaquePointer?
    defer {
      unsafe nghttp2_session_callbacks_del(callbacks)
      unsafe nghttp2_option_del(options)
    }
    try Self.check("nghttp2_session_callbacks_new", unsafe nghttp2_session_callbacks_new(&callbacks))
    try Self.check("nghttp2_option_new", unsafe nghttp2_option_new(&options))
    unsafe LibraryCallbacks.install(callbacks)
    // Credit for content is given by us: content that nobody accepted must not be asked for.
    unsafe nghttp2_option_set_no_auto_window_update(options, 1)
    if isServer {
      try Self.check("nghttp2_session_server_new2", unsafe nghttp2_session_server_new2(&session, callbacks, nil, options))
    } else {
      try Self.check("nghttp2_session_client_new2", unsafe nghttp2_session_client_new2(&session, callbacks, nil, options))
    }
    guard let session = unsafe session else { throw .library(function: "nghttp2_session_new", reason: "no session") }
    unsafe raw = session
  }

  deinit { unsafe nghttp2_session_del(raw) }

  /// Who hears what happens. It must live as long as this value, whose owner it is.
  func setOwner(_ owner: HTTP2Session) {
    unsafe nghttp2_session_set_user_data(raw, Unmanaged.passUnretained(owner).toOpaque())
  }

  // MARK: Bytes

  /// Takes bytes from the peer, and tells the owner what is in them.
  func receive(_ bytes: Span<UInt8>) throws(HTTP2Error) {
    let result = unsafe bytes.withUnsafeBufferPointer { unsafe nghttp2_session_mem_recv(raw, $0.baseAddress, $0.count) }
    guard result < 0 else { return }
    throw Self.error("nghttp2_session_mem_recv", Int32(clamping: result))
  }

  /// Appends the next frame that may be sent.
  /// - Returns: false where there is none.
  func takeFrame(into output: inout [UInt8]) throws(HTTP2Error) -> Bool {
    var bytes: UnsafePointer<UInt8>?
    let count = unsafe nghttp2_session_mem_send(raw, &bytes)
    guard count >= 0 else { throw Self.error("nghttp2_session_mem_send", Int32(clamping: count)) }
    guard count > 0 else { return false }
    unsafe output.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
    return true
  }

  /// Whether the session goes on: both are false once it has ended in order.
  var wantsInput: Bool { unsafe nghttp2_session_want_read(raw) != 0 }
  var wantsOutput: Bool { unsafe nghttp2_session_want_write(raw) != 0 }

  // MARK: Frames to send

  func submitSettings(_ settings: [(HTTP2Setting, Int)]) throws(HTTP2Error) {
    let entries = settings.map { nghttp2_settings_entry(settings_id: $0.0.rawValue, value: UInt32(clamping: $0.1)) }
    try Self.check("nghttp2_submit_settings", unsafe nghttp2_submit_settings(raw, 0, entries, entries.count))
  }

  /// Makes the window of the whole connection `bytes` wide.
  func setConnectionWindow(_ bytes: Int) throws(HTTP2Error) {
    let result = unsafe nghttp2_session_set_local_window_size(raw, 0, 0, Int32(clamping: bytes))
    try Self.check("nghttp2_session_set_local_window_size", result)
  }

  /// Opens a stream. The content, if there is any, is asked for through `HTTP2Session.content`.
  func submitRequest(_ fields: FieldList, hasContent: Bool) throws(HTTP2Error) -> Int32 {
    let result = unsafe Self.withLines(of: fields) { lines, count in
      var provider = unsafe LibraryCallbacks.contentProvider
      return unsafe hasContent
        ? nghttp2_submit_request(raw, nil, lines, count, &provider, nil)
        : nghttp2_submit_request(raw, nil, lines, count, nil, nil)
    }
    try Self.check("nghttp2_submit_request", min(result, 0))
    return result
  }

  func submitResponse(_ fields: FieldList, on stream: Int32, hasContent: Bool) throws(HTTP2Error) {
    let result = unsafe Self.withLines(of: fields) { lines, count in
      var provider = unsafe LibraryCallbacks.contentProvider
      return unsafe hasContent
        ? nghttp2_submit_response(raw, stream, lines, count, &provider)
        : nghttp2_submit_response(raw, stream, lines, count, nil)
    }
    try Self.check("nghttp2_submit_response", result)
  }

  /// An interim response.
  func submitInterim(_ fields: FieldList, on stream: Int32) throws(HTTP2Error) {
    let result = unsafe Self.withLines(of: fields) { lines, count in
      unsafe nghttp2_submit_headers(raw, 0, stream, nil, lines, count, nil)
    }
    try Self.check("nghttp2_submit_headers", result)
  }

  func submitReset(_ code: HTTP2ErrorCode, on stream: Int32) throws(HTTP2Error) {
    try Self.check("nghttp2_submit_rst_stream", unsafe nghttp2_submit_rst_stream(raw, 0, stream, code.rawValue))
  }

  /// - Parameter payload: comes back with the acknowledgement.
  func submitPing(_ payload: UInt64) throws(HTTP2Error) {
    let result = unsafe withUnsafeBytes(of: payload.bigEndian) { bytes in
      unsafe nghttp2_submit_ping(raw, 0, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
    try Self.check("nghttp2_submit_ping", result)
  }

  /// A GOAWAY that takes nothing back yet: it tells the client to open no more streams, RFC 9113 section 6.8.
  func submitShutdownNotice() throws(HTTP2Error) {
    try Self.check("nghttp2_submit_shutdown_notice", unsafe nghttp2_submit_shutdown_notice(raw))
  }

  /// A GOAWAY that lets the streams under way finish. Later ones are ignored.
  func submitGoAway() throws(HTTP2Error) {
    let last = unsafe nghttp2_session_get_last_proc_stream_id(raw)
    try Self.check("nghttp2_submit_goaway", unsafe nghttp2_submit_goaway(raw, 0, last, HTTP2ErrorCode.noError.rawValue, nil, 0))
  }

  /// A GOAWAY that ends everything.
  func terminate(_ code: HTTP2ErrorCode) { _ = unsafe nghttp2_session_terminate_session(raw, code.rawValue) }

  // MARK: Flow control

  /// Gives credit for bytes of content, to the connection or to one stream.
  func consumeOnConnection(_ count: Int) throws(HTTP2Error) {
    try Self.check("nghttp2_session_consume_connection", unsafe nghttp2_session_consume_connection(raw, count))
  }

  func consume(_ count: Int, on stream: Int32) throws(HTTP2Error) {
    try Self.check("nghttp2_session_consume_stream", unsafe nghttp2_session_consume_stream(raw, stream, count))
  }

  /// How many streams the peer lets us have open at one time.
  var peerConcurrentStreamsLimit: Int {
    Int(unsafe nghttp2_session_get_remote_settings(raw, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
  }

  /// Whether another stream may be opened at all: false after a GOAWAY, and when the ids are used up.
  var allowsRequests: Bool { unsafe nghttp2_session_check_request_allowed(raw) != 0 }

  private static func check(_ function: String, _ result: Int32) throws(HTTP2Error) {
    guard result == 0 else { throw error(function, result) }
  }

  private static func error(_ function: String, _ result: Int32) -> HTTP2Error {
    // The library's own bound on what waits to be acknowledged.
    if result == NGHTTP2_ERR_FLOODED.rawValue { return .tooManyControlFrames }
    return .library(function: function, reason: unsafe String(cString: nghttp2_strerror(result)))
  }

  /// Lends `fields` in the library's form. It copies them.
  private static func withLines(
    of fields: FieldList, _ body: (UnsafePointer<nghttp2_nv>?, Int) -> Int32
  ) -> Int32 {
    var storage = fields.storage
    return unsafe storage.withUnsafeMutableBufferPointer { bytes in
      let lines = unsafe fields.lines.map { line in
        unsafe nghttp2_nv(
          name: bytes.baseAddress.map { unsafe $0 + line.name.lowerBound },
          value: bytes.baseAddress.map { unsafe $0 + line.value.lowerBound },
          namelen: line.name.count, valuelen: line.value.count, flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue))
      }
      return unsafe lines.withUnsafeBufferPointer { unsafe body($0.baseAddress, $0.count) }
    }
  }
}
