/// The filters of one dependency.
struct FilterSet: Sendable {
  /// `filters.data`; nil where the field is absent. An empty list is present, and passes.
  var data: [DataFilter]?
  var anyDataSuffices = false
  var context: ContextFilter?

  /// `filtersLogicalOperator: or`. Any other text means "and".
  var anyKindSuffices = false

  /// Argo's verdict on `event`, with one difference: under "or", a kind that errors does not stop another that passes.
  /// Argo documents and tests exactly that, but a running Sensor discards such an event.
  func verdict(on event: inout EventView) -> FilterVerdict {
    let dataVerdict = data.map { verdict(of: $0, on: &event) }
    guard anyKindSuffices else {
      if let dataVerdict, !dataVerdict.passes { return dataVerdict }
      return context?.verdict(on: event) ?? .pass
    }
    if let dataVerdict, dataVerdict.passes { return .pass }
    if let verdict = context?.verdict(on: event), verdict.passes || dataVerdict == nil { return verdict }
    return dataVerdict ?? .fail(Rejection(clause: "filters", problem: "\"or\" with no filter at all refuses every event"))
  }

  private func verdict(of clauses: [DataFilter], on event: inout EventView) -> FilterVerdict {
    guard anyDataSuffices else {
      for clause in clauses {
        let verdict = clause.verdict(on: &event)
        if !verdict.passes { return verdict }
      }
      return .pass
    }
    var failure: FilterVerdict?
    for clause in clauses {
      let verdict = clause.verdict(on: &event)
      if verdict.passes { return .pass }
      if case .error = verdict { failure = verdict } else { failure = failure ?? verdict }
    }
    return failure ?? .pass
  }
}
