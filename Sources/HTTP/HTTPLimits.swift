/// How much of one message is read before it is refused.
package struct HTTPLimits: Equatable, Sendable {
  /// The start line and all fields, in bytes.
  package var headBytesLimit: Int
  /// The number of fields.
  package var fieldCountLimit: Int
  /// The request target, in bytes.
  package var targetBytesLimit: Int
  /// The content after chunked coding is undone, in bytes.
  package var contentBytesLimit: Int

  package init(
    headBytesLimit: Int = 32 << 10, fieldCountLimit: Int = 100, targetBytesLimit: Int = 8 << 10,
    contentBytesLimit: Int = 256 << 10
  ) {
    self.headBytesLimit = headBytesLimit
    self.fieldCountLimit = fieldCountLimit
    self.targetBytesLimit = targetBytesLimit
    self.contentBytesLimit = contentBytesLimit
  }
}
