import Logging

/// Something that is read from files which others replace while the server runs: cert-manager, the kubelet, a person.
struct FollowedFile<Content: Equatable & Sendable>: Sendable {
  /// For log lines: `certificate of push`.
  let name: String
  /// What was in force when following began.
  let inForce: Content
  let read: @Sendable () throws -> Content
  let use: @Sendable (Content) throws -> Void

  /// Looks once a second until it is cancelled. What cannot be used is reported once, and what was in force stays.
  func follow(_ logger: Logger) async {
    var seen = inForce
    var fault: String?
    while !Task.isCancelled {
      do { try await Task.sleep(for: .seconds(1)) } catch { return }
      do {
        let content = try read()
        guard content != seen else { continue }
        // Noted before it is used: two files that belong together may be replaced one after the other.
        seen = content
        try use(content)
        fault = nil
        logger.info("file replaced", metadata: ["what": .string(name)])
      } catch {
        guard fault != "\(error)" else { continue }
        fault = "\(error)"
        logger.error(
          "file not replaced", metadata: ["what": .string(name), "error": "\(error)", "consequence": "the last good one stays"])
      }
    }
  }
}
