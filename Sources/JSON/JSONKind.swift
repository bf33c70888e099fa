/// The six kinds of JSON values, named as an error message names them.
package enum JSONKind: String, Hashable, Sendable {
  case null
  case bool = "a boolean"
  case number = "a number"
  case string = "a string"
  case array = "an array"
  case object = "an object"
}
