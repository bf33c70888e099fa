/// Which streams the client has opened, in little memory.
///
/// A client that opens stream 5 has given up 1 and 3 if they were idle: opening one of them later is a connection error (RFC 9113
/// section 5.1.1). The library forgets streams and then takes such a request for a trailer that came late.
struct PeerStreamIDs {
  enum Standing: Equatable {
    /// Larger than all before.
    case new
    /// Opened before; it may be over.
    case opened
    /// Passed over by a larger one.
    case skipped
  }

  private static let gapsLimit = 64

  private var last: Int32 = -1
  /// The ids that were passed over. Clients do not leave gaps; of one that leaves many the oldest are forgotten.
  private var gaps: [ClosedRange<Int32>] = []

  /// - Parameter id: odd.
  func standing(of id: Int32) -> Standing {
    if id > last { return .new }
    return gaps.contains { $0.contains(id) } ? .skipped : .opened
  }

  mutating func open(_ id: Int32) {
    guard id > last else { return }
    if id - 2 > last { gaps.append(last + 2...id - 2) }
    if gaps.count > Self.gapsLimit { gaps.removeFirst() }
    last = id
  }
}
