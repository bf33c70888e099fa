/// Damage to records that were durable. It is never repaired by cutting them off.
package struct LogDamage: Error, Hashable, Sendable {
  /// The file's name.
  package let segment: String
  /// Where the damage begins, in bytes from the start of the file.
  package let offset: Int
  package let reason: String
  /// The sequences of the durable records that cannot be read, where that is known; at a start, which ends at the first damage, those
  /// that it did not come to.
  package let lost: ClosedRange<UInt64>?
}

extension LogDamage: CustomStringConvertible {
  /// What is damaged, without what to do about it.
  package var summary: String {
    place + (lost.map { "; records \($0.lowerBound) to \($0.upperBound) cannot be read" } ?? "")
  }

  /// What ends a start, and what to do about it.
  package var description: String {
    place + (lost.map { "; at most the records \($0.lowerBound) to \($0.upperBound) are lost" } ?? "")
      + "; records before it are intact and nothing was changed; `relaunch log verify DIR` lists all damage, `relaunch log repair DIR "
      + "--quarantine` keeps every record that can be read; or restore the file from a copy"
  }

  private var place: String { "\(segment): \(reason) at byte \(offset)" }
}
