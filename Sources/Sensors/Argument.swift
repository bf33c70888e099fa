/// One entry of `arguments.parameters` or `inputs.parameters`.
struct Argument: Hashable, Sendable {
  var name: String?
  var value: String?
  /// Values the parameter may have; nil allows every one.
  var allowed: [String]?
}
