/// Carries a value that belongs to a loop through places that are not on it.
///
// @unchecked: the value is reached only through `value`, which traps off the loop.
package struct LoopBound<Value>: @unchecked Sendable {
  package let loop: Loop
  private let bound: Value

  package init(_ value: Value, to loop: Loop) {
    self.loop = loop
    bound = value
  }

  package var value: Value {
    loop.assertIsCurrent()
    return bound
  }
}
