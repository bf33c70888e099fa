internal import Clocks
package import Logging

/// Writes each log line as one JSON object: `time`, `level`, `event` (what happened, in fixed words), then the metadata in order of
/// name. Values are strings, so that a reader never has to guess a type.
package struct JSONLogHandler: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var logLevel: Logger.Level
  private let sink: LogSink

  package init(sink: LogSink, level: Logger.Level = .info) {
    self.sink = sink
    logLevel = level
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    var line: [UInt8] = []
    line.reserveCapacity(256)
    line += "{\"time\":\"".utf8
    line += SystemWallClock().now().rfc3339.utf8
    line += "\",\"level\":\"".utf8
    line += event.level.rawValue.utf8
    line += "\",\"event\":".utf8
    Self.appendQuoted(event.message.description, to: &line)
    let all = event.metadata.map { metadata.isEmpty ? $0 : metadata.merging($0) { $1 } } ?? metadata
    for (key, value) in all.sorted(by: { $0.key < $1.key }) {
      line.append(UInt8(ascii: ","))
      Self.appendQuoted(key, to: &line)
      line.append(UInt8(ascii: ":"))
      Self.appendQuoted(value.description, to: &line)
    }
    line += "}\n".utf8
    sink.write(line)
  }

  /// A JSON string, RFC 8259 section 7: control characters escaped, so that no value can forge a line.
  private static func appendQuoted(_ text: String, to line: inout [UInt8]) {
    line.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        line.append(UInt8(ascii: "\\"))
        line.append(byte)
      case 0x20...: line.append(byte)
      default:
        let digits = Array("0123456789abcdef".utf8)
        line += "\\u00".utf8
        line.append(digits[Int(byte >> 4)])
        line.append(digits[Int(byte & 15)])
      }
    }
    line.append(UInt8(ascii: "\""))
  }
}
