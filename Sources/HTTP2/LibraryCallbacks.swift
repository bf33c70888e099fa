import CNGHTTP2

/// The functions that the library calls. Each recovers the session and calls one method of it; bytes that are lent are used up before
/// it returns.
enum LibraryCallbacks {
  static func install(_ callbacks: OpaquePointer?) {
    unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, owner in
      guard let frame = unsafe frame?.pointee, let session = unsafe session(owner) else { return abort }
      unsafe session.fieldsBegan(on: frame.hd.stream_id)
      return 0
    }
    unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks) { _, frame, name, nameCount, value, valueCount, _, owner in
      guard let frame = unsafe frame?.pointee, let session = unsafe session(owner) else { return abort }
      let name = unsafe UnsafeBufferPointer(start: name, count: nameCount)
      let value = unsafe UnsafeBufferPointer(start: value, count: valueCount)
      let isWanted = unsafe session.fieldCame(name.span, value.span, on: frame.hd.stream_id)
      return isWanted ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
    }
    unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, owner in
      guard let frame = unsafe frame?.pointee, let session = unsafe session(owner) else { return abort }
      unsafe received(frame, by: session)
      return 0
    }
    unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, stream, bytes, count, owner in
      guard let session = unsafe session(owner) else { return abort }
      unsafe session.contentCame(UnsafeBufferPointer(start: bytes, count: count).span, on: stream)
      return 0
    }
    unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, owner in
      guard let frame = unsafe frame?.pointee, let session = unsafe session(owner) else { return abort }
      unsafe sent(frame, by: session)
      return 0
    }
    unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, code, owner in
      guard let session = unsafe session(owner) else { return abort }
      session.streamClosed(stream, HTTP2ErrorCode(rawValue: code))
      return 0
    }
  }

  /// Asks the session for the content of a message.
  static var contentProvider: nghttp2_data_provider {
    unsafe nghttp2_data_provider(
      source: nghttp2_data_source(fd: 0),
      read_callback: { _, stream, buffer, limit, flags, _, owner in
        guard let session = unsafe session(owner), let buffer = unsafe buffer,
          let (bytes, isLast) = session.content(of: stream, upTo: limit)
        else { return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
        if isLast { unsafe flags?.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
        _ = unsafe UnsafeMutableBufferPointer(start: buffer, count: limit).update(fromContentsOf: bytes)
        return bytes.count
      })
  }
}

// Functions of the file: a C function pointer takes no context, not even the type.

private var abort: Int32 { NGHTTP2_ERR_CALLBACK_FAILURE.rawValue }

private func session(_ owner: UnsafeMutableRawPointer?) -> HTTP2Session? {
  unsafe owner.map { unsafe Unmanaged<HTTP2Session>.fromOpaque($0).takeUnretainedValue() }
}

private func received(_ frame: nghttp2_frame, by session: HTTP2Session) {
  let stream = unsafe frame.hd.stream_id
  let isAcknowledgement = unsafe frame.hd.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0
  let endsStream = unsafe frame.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
  switch unsafe FrameHeader.Kind(rawValue: frame.hd.type) {
  case .headers: session.fieldsEnded(on: stream, endsStream: endsStream)
  case .data: if endsStream { session.contentEnded(on: stream) }
  case .resetStream: unsafe session.resetCame(HTTP2ErrorCode(rawValue: frame.rst_stream.error_code), on: stream)
  case .settings: if !isAcknowledgement { session.settingsCame() }
  case .ping: if isAcknowledgement { unsafe session.pingAcknowledged(number(frame.ping.opaque_data)) }
  case .goAway:
    unsafe session.goAwayCame(HTTP2ErrorCode(rawValue: frame.goaway.error_code), last: frame.goaway.last_stream_id)
  case .priority, .pushPromise, .windowUpdate, .continuation, nil: break
  }
}

private func sent(_ frame: nghttp2_frame, by session: HTTP2Session) {
  let stream = unsafe frame.hd.stream_id
  switch unsafe FrameHeader.Kind(rawValue: frame.hd.type) {
  case .headers, .data:
    if unsafe frame.hd.type == FrameHeader.Kind.data.rawValue { unsafe session.contentSent(frame.hd.length) }
    if unsafe frame.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 { session.endSent(on: stream) }
  case .resetStream: unsafe session.resetSent(HTTP2ErrorCode(rawValue: frame.rst_stream.error_code), on: stream)
  case .goAway:
    // The library says here why, in a sentence of its own.
    let reason = unsafe UnsafeBufferPointer(start: frame.goaway.opaque_data, count: frame.goaway.opaque_data_len)
    unsafe session.goAwaySent(HTTP2ErrorCode(rawValue: frame.goaway.error_code), String(decoding: reason, as: UTF8.self))
  default: break
  }
}

private func number(
  _ bytes: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8)
) -> UInt64 {
  unsafe withUnsafeBytes(of: bytes) { bytes in unsafe bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
