import COpenSSL

/// A call into OpenSSL that failed: which C function, and why in OpenSSL's words.
package struct OpenSSLError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The C function's name, as its manual page has it.
  package let function: String
  /// The reasons from the error queue, the most specific first; "no reason given" where the queue was empty.
  package let reason: String

  package init(function: String, reason: String) {
    self.function = function
    self.reason = reason
  }

  package var description: String { "\(function): \(reason)" }

  /// Takes everything out of this thread's error queue, so that nothing of it is blamed on a later call.
  init(draining function: StaticString) {
    var reasons: [String] = []
    while true {
      let code = ERR_get_error()
      guard code != 0 else { break }
      let text = unsafe ERR_reason_error_string(code).map { unsafe String(cString: $0) } ?? "error \(code)"
      if reasons.count < 8, !reasons.contains(text) { reasons.append(text) }
    }
    self.init(function: "\(function)", reason: reasons.isEmpty ? "no reason given" : reasons.joined(separator: "; "))
  }

  /// Runs `call` with a clean error queue and throws unless it returns 1, OpenSSL's word for success.
  static func check(_ function: StaticString, _ call: () -> Int32) throws(OpenSSLError) {
    ERR_clear_error()
    guard call() == 1 else { throw OpenSSLError(draining: function) }
  }

  /// Runs `call` with a clean error queue and throws if it returns a null pointer.
  static func make(_ function: StaticString, _ call: () -> OpaquePointer?) throws(OpenSSLError) -> OpaquePointer {
    ERR_clear_error()
    guard let pointer = unsafe call() else { throw OpenSSLError(draining: function) }
    return unsafe pointer
  }
}
