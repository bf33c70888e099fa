/// The number of a stream on its connection, RFC 9113 section 5.1.1: odd, and larger than that of every stream before it.
package struct HTTP2StreamID: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let rawValue: Int32

  package init(rawValue: Int32) { self.rawValue = rawValue }

  package static func < (left: HTTP2StreamID, right: HTTP2StreamID) -> Bool { left.rawValue < right.rawValue }

  package var description: String { "stream \(rawValue)" }
}
