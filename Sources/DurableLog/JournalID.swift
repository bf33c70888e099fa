/// The random name that a log gets when it is made, and that binds its records to it.
struct JournalID: Hashable, Sendable {
  let high: UInt64
  let low: UInt64

  static func random() -> JournalID { JournalID(high: .random(in: .min ... .max), low: .random(in: .min ... .max)) }
}
