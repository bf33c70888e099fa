/// What one look at a condition found.
enum Look<Value: Sendable>: Sendable {
  case met(Value)
  /// Not yet; the text says what was seen.
  case saw(String)
}

/// Looks until the condition is met and returns what it gave.
///
/// The one place in these tests where time is let pass: the other side is a process, and what it does can only be asked for.
/// - Parameter looks: the bound. With the pause between them 400 looks are at least ten seconds.
/// - Throws: `Unmet` with what the last look saw.
func eventually<Value: Sendable>(
  _ condition: String, looks: Int = 400, _ look: () async throws -> Look<Value>
) async throws -> Value {
  var last = ""
  for _ in 0..<looks {
    switch try await look() {
    case .met(let value): return value
    case .saw(let text): last = text
    }
    try await ContinuousClock().sleep(for: .milliseconds(25))
  }
  throw Unmet("\(condition): not so after \(looks) looks; the last saw \(last)")
}
