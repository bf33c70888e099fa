import JSON
import TestSupport

@testable import Sensors

/// The cases that were run against Argo Events itself.
enum Vectors {
  static func cases(_ file: String) throws -> [JSONValue] {
    let json = try JSONValue(parsing: try SharedData.bytes("vectors/argo/\(file)"))
    return json.array ?? json["vectors"]?.array ?? []
  }

  /// The event of one case as a Sensor sees it.
  static func event(_ json: JSONValue?) -> EventView {
    let raw = json?["data_raw"]?.string
    let data = raw.flatMap { try? JSONValue(parsing: $0) }
    let context = json?["context"]
    let attributes = EventContext(
      id: context?["id"]?.string ?? "", source: context?["source"]?.string ?? "", subject: context?["subject"]?.string ?? "",
      type: context?["type"]?.string ?? "", contentType: context?["datacontenttype"]?.string ?? "",
      time: context?["time"]?.string ?? "")
    return EventView(data: data, context: attributes)
  }

  /// Whether a gjson path uses what `JSONPath` refuses by contract: multipaths, literals and modifiers.
  static func isOutOfScope(path: String) -> Bool { path.contains { "[{!@".contains($0) } }

  /// A mapping read as a document would be.
  static func fields(_ json: JSONValue, path: String, report: Report) -> Fields? {
    Node.documents(json.serialized(), report).first.flatMap { Fields($0, path: path, report: report) }
  }
}
