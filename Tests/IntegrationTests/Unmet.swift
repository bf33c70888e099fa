/// Something that a test needs did not come about; says what, and what was seen instead.
struct Unmet: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
