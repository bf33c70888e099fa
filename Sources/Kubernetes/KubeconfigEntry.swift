import FoundationEssentials
import JSON

/// One named entry of a kubeconfig, and the file it stands in.
struct KubeconfigEntry: Sendable {
  let file: String
  /// `context`, `cluster` or `user`.
  let kind: String
  let name: String
  let value: JSONValue
  let source: FileSource

  /// The text of `field`; nil where it is absent or empty.
  func text(_ field: String) -> String? {
    guard let text = value[field]?.string, !text.isEmpty else { return nil }
    return text
  }

  func isSet(_ field: String) -> Bool { value[field]?.bool == true }

  /// The path in `field`. A relative one starts from the directory of the kubeconfig, as kubectl has it.
  func path(_ field: String) -> String? {
    text(field).map { path in
      if path.hasPrefix("/") { return path }
      guard let slash = file.lastIndex(of: "/") else { return path }
      return String(file[...slash]) + path
    }
  }

  /// What `FIELD-data` holds, else the content of the file that `FIELD` names; nil where neither is there.
  func content(_ field: String) throws(CredentialsError) -> (bytes: [UInt8], file: String, field: String)? {
    if let encoded = text(field + "-data") {
      guard let data = Data(base64Encoded: String(encoded.filter { !$0.isWhitespace })) else {
        throw error(field + "-data", "is not base64", fix: "write the PEM file through base64 -w0, or name the file in \(field)")
      }
      return (Array(data), file, position(field + "-data"))
    }
    guard let path = path(field) else { return nil }
    return (try source.read(path), path, "content")
  }

  func error(_ field: String, _ problem: String, fix: String) -> CredentialsError {
    .field(file: file, field: position(field), problem: problem, fix: fix)
  }

  private func position(_ field: String) -> String { "\(kind) \(name.quoted(limit: 80)): \(field)" }
}
