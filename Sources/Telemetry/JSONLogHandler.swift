internal import Clocks
internal import JSON
package import Logging

/// Writes each log line as one JSON object: `time`, `level`, `event` (what happened, in fixed words), then the metadata in order of
/// name. Values are strings, so that a reader never has to guess a type, and their control characters are escaped, so that none can
/// forge a line.
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
    line.appendJSON(event.message.description)
    let all = event.metadata.map { metadata.isEmpty ? $0 : metadata.merging($0) { $1 } } ?? metadata
    for (key, value) in all.sorted(by: { $0.key < $1.key }) {
      line.append(UInt8(ascii: ","))
      line.appendJSON(key)
      line.append(UInt8(ascii: ":"))
      if case .string(let text) = value { line.appendJSON(text) } else { line.appendJSON(value.description) }
    }
    line += "}\n".utf8
    sink.write(line)
  }
}
