/// The hosts that are reached directly, as `NO_PROXY` lists them: by the rules of Go's `httpproxy`, and so of kubectl.
///
/// The members are separated by commas. `*` is every host; an address or a network (`10.0.0.0/8`) matches hosts that are given by address;
/// `example.com` is that host and those below it, `.example.com` and `*.example.com` only those below. A port (`example.com:8443`) narrows
/// a member that is no network. What is none of these matches nothing.
struct NoProxyList: Hashable, Sendable {
  private enum Member: Hashable, Sendable {
    case all
    case network(IPAddress, bits: Int)
    case address(IPAddress, port: String?)
    /// - Parameter suffix: begins with a dot.
    case name(suffix: String, includesItself: Bool, port: String?)
  }

  private let members: [Member]

  init(_ text: String = "") {
    members = text.lowercased().split(separator: ",").compactMap { Self.member($0.filter { !$0.isWhitespace }) }
  }

  /// - Parameter host: in lower case, an IPv6 address without brackets.
  func contains(_ host: String, port: UInt16) -> Bool {
    let address = IPAddress(host)
    func isPort(_ wanted: String?) -> Bool { wanted == nil || wanted == String(port) }
    return members.contains { member in
      switch member {
      case .all: true
      case .network(let network, let bits): address.map { network.agrees(with: $0, bits: bits) } ?? false
      case .address(let wanted, let port): wanted == address && isPort(port)
      case .name(let suffix, let includesItself, let port):
        (host.hasSuffix(suffix) || (includesItself && host == suffix.dropFirst())) && isPort(port)
      }
    }
  }

  private static func member(_ text: String) -> Member? {
    if text == "*" { return .all }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 2, let network = IPAddress(parts[0]), let bits = Int(parts[1]), bits >= 0 {
      let unused = parts[0].contains(":") ? 0 : 96
      if bits + unused <= 128 { return .network(network, bits: bits + unused) }
    }
    var (host, port) = split(text)
    guard !host.isEmpty else { return nil }
    if let address = IPAddress(host) { return .address(address, port: port) }
    if host.hasPrefix("*.") { host.removeFirst() }
    return host.hasPrefix(".")
      ? .name(suffix: host, includesItself: false, port: port) : .name(suffix: "." + host, includesItself: true, port: port)
  }

  /// Splits `host:port` and `[address]:port`. More than one colon without brackets is an IPv6 address.
  private static func split(_ text: String) -> (host: String, port: String?) {
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      let rest = text[text.index(after: end)...]
      return (String(text[text.index(after: text.startIndex)..<end]), rest.hasPrefix(":") ? String(rest.dropFirst()) : nil)
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return (text, nil) }
    return (String(parts[0]), parts[1].isEmpty ? nil : String(parts[1]))
  }
}
