/// How a load of keys went, for the label of a counter.
enum KeyFetchResult: String, CaseIterable, Sendable {
  case loaded, unchanged, unreachable, status, encoded, malformed, unreadable
  case tooLarge = "too_large"
}
