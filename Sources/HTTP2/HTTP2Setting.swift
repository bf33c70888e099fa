/// The settings that we send, RFC 9113 section 6.5.2.
struct HTTP2Setting: RawRepresentable {
  let rawValue: Int32

  static let enablePush = HTTP2Setting(rawValue: 0x2)
  static let maxConcurrentStreams = HTTP2Setting(rawValue: 0x3)
  static let initialWindowSize = HTTP2Setting(rawValue: 0x4)
  static let maxHeaderListSize = HTTP2Setting(rawValue: 0x6)
}
