/// What an item takes up while it is attempted, beside a worker and its key.
package struct WorkClaim: Hashable, Sendable {
  /// Items of which a bounded number is attempted at a time.
  package struct Group: Hashable, Sendable {
    /// Unique among the groups of a pool, whatever their kinds.
    package let name: String
    /// Attempts in flight at most; at least one is allowed.
    package let limit: Int

    package init(_ name: String, limit: Int) {
      self.name = name
      self.limit = max(1, limit)
    }
  }

  /// How often attempts at items of one name may begin, whatever becomes of them.
  package struct Rate: Hashable, Sendable {
    package let name: String
    /// From one attempt to the next.
    package let interval: Duration
    /// Attempts that may come sooner, because as many could have been made before and were not.
    package let slack: Int

    package init(_ name: String, interval: Duration, slack: Int) {
      self.name = name
      self.interval = max(.zero, interval)
      self.slack = max(0, slack)
    }
  }

  package var groups: [Group]
  package var rate: Rate?

  package init(groups: [Group] = [], rate: Rate? = nil) {
    self.groups = groups
    self.rate = rate
  }
}
