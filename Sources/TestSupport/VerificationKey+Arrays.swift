package import OpenSSL

extension VerificationKey {
  /// `verifies` for arrays: the testing macros cannot carry spans.
  package func accepts(_ signature: [UInt8], of message: [UInt8]) -> Bool { verifies(signature.span, of: message.span) }
}
