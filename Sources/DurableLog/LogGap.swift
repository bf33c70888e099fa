import Clocks

/// Records that a repair found missing: what the payload of a GAP record says, as JSON.
package struct LogGap: Hashable, Sendable {
  /// A record of which only the header was whole.
  package struct Record: Hashable, Sendable {
    package let sequence: UInt64
    /// The type byte.
    package let type: UInt8
    /// Bytes of the payload that is lost.
    package let byteCount: Int

    /// nil for a type that this version does not know.
    package var kind: RecordKind? { RecordKind(rawValue: type) }
  }

  /// The sequences, as they were before the repair.
  package internal(set) var sequences: ClosedRange<UInt64>
  package let reason: String
  /// The file in which the record before them lay, or the first that can be read, and where they should have begun in it.
  package let segment: String
  package let offset: Int
  /// Those of them that are known, as many as `recordsLimit`.
  package internal(set) var records: [Record] = []

  /// A gap is one record: it must not grow with the damage.
  static let recordsLimit = 10_000

  /// The payload. It is written by hand, for this module knows no JSON: numbers, and texts of our own without anything to escape.
  func payload(repairedAt: Timestamp) -> [UInt8] {
    let records = records.map { #"{"sequence":\#($0.sequence),"type":\#($0.type),"bytes":\#($0.byteCount)}"# }
    let json = #"""
      {"firstSequence":\#(sequences.lowerBound),"lastSequence":\#(sequences.upperBound),"reason":"\#(reason)",\#
      "segment":"\#(segment)","offset":\#(offset),"records":[\#(records.joined(separator: ","))],\#
      "at":"\#(repairedAt.rfc3339)"}
      """#
    return Array(json.utf8)
  }
}

extension LogGap: CustomStringConvertible {
  package var description: String {
    let known = records.filter { $0.kind?.isInternal != true }.prefix(20).map { record in
      "\(record.sequence) (\(record.kind.map { "\($0)" } ?? "type \(record.type)"))"
    }
    let list = known.isEmpty ? "" : "; of these are known: " + known.joined(separator: ", ")
    return "records \(sequences.lowerBound) to \(sequences.upperBound): \(reason), at \(segment) byte \(offset)\(list)"
  }
}
