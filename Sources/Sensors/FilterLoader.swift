import JSON

/// Reads the filters of a dependency. Patterns, numbers and paths are compiled here, so that what is wrong with them shows at
/// load.
struct FilterLoader {
  let report: Report

  func filters(_ dependency: Fields) -> FilterSet {
    var set = FilterSet()
    if let text = dependency.text("filtersLogicalOperator") {
      check(operator: text, dependency.value("filtersLogicalOperator") ?? dependency.node)
      set.anyKindSuffices = text == "or"
    }
    guard let filters = dependency.mapping("filters") else { return set }
    filters.warnUnknown(["exprs", "exprLogicalOperator", "data", "dataLogicalOperator", "context", "time", "script"])
    for kind in ["exprs", "time", "script"] {
      if let node = filters.value(kind) { report.invalid("unsupported", node, "\(filters.join(kind)) is not supported yet") }
    }
    for key in ["dataLogicalOperator", "exprLogicalOperator"] {
      if let text = filters.text(key) { check(operator: text, filters.value(key) ?? filters.node) }
    }
    set.anyDataSuffices = filters.text("dataLogicalOperator") == "or"
    if filters.value("data") != nil { set.data = filters.mappings("data").map(clause) }
    set.context = filters.mapping("context").flatMap(context)
    return set
  }

  private func check(operator text: String, _ node: Node) {
    if !["", "and", "or"].contains(text) { report.invalid("sensor", node, "logical operator \(text) not supported") }
  }

  private func context(_ fields: Fields) -> ContextFilter? {
    fields.warnUnknown(["id", "type", "source", "specversion", "subject", "time", "datacontenttype"])
    let wanted = ContextFilter.comparedNames.compactMap { name in
      fields.text(name).flatMap { $0.isEmpty ? nil : ContextFilter.Attribute(name: name, text: $0) }
    }
    guard !wanted.isEmpty else {
      report.invalid("sensor", fields.node, "no fields specified in ctx filter (aka all events will be discarded)")
      return nil
    }
    return ContextFilter(wanted: wanted)
  }

  private func clause(_ fields: Fields) -> DataFilter {
    fields.warnUnknown(["path", "type", "value", "comparator", "template"])
    let comparator = fields.text("comparator") ?? ""
    if !["", "=", "!=", ">", ">=", "<", "<="].contains(comparator), let node = fields.value("comparator") {
      report.invalid("sensor", node, "comparator \(comparator) not supported")
    }
    let path = fields.text("path") ?? ""
    let type = fields.text("type") ?? ""
    let values = fields.texts("value") ?? []
    if path.isEmpty || type.isEmpty || values.isEmpty {
      report.invalid("sensor", fields.node, "one of data filters is not valid (type, path and value must be not empty)")
    } else if values.contains("") {
      report.invalid(
        "sensor", fields.value("value") ?? fields.node,
        "one of data filters is not valid (value must be not empty): the regular expression \"\" matches every text"
          + (comparator == "!=" ? ", so \"!=\" would drop every event" : ""),
        fix: comparator == "!=" ? "write \"^$\" to refuse the empty text" : nil)
    }
    if let node = fields.value("template") {
      report.invalid("unsupported", node, "\(fields.join("template")) is not supported yet")
    }
    let filter = DataFilter(
      path: ValuePath(path), kind: DataFilter.Kind(type: type, values: values), comparator: comparator, values: values)
    remark(on: filter, fields, type)
    return filter
  }

  private func remark(on filter: DataFilter, _ fields: Fields, _ type: String) {
    let pathNode = fields.value("path") ?? fields.node
    if case .unusable(let reason) = filter.path.lookup { report.invalid("path", pathNode, reason) }
    let valueNode = fields.value("value") ?? fields.node
    for problem in filter.kind.problems {
      report.error("value", valueNode, "\(problem); Argo discards each event that gets there")
    }
    if case .unsupported = filter.kind, !type.isEmpty {
      report.error("type", fields.value("type") ?? fields.node, "unsupported JSON type '\(type)'; use string, number or bool")
    }
    if type == "string", [">", ">=", "<", "<="].contains(filter.comparator) {
      report.warning(
        "comparator", fields.value("comparator") ?? fields.node, "a string is never \(filter.comparator) another in Argo")
    }
    if filter.comparator == "!=", filter.values.count > 1 {
      report.warning(
        "any-value", valueNode, "one value that differs suffices, so \"!=\" with several values is practically always true",
        fix: "write one clause for each, or one pattern a|b")
    }
    guard filter.path.isSeedDialect else {
      remarkOnPlainWord(filter, valueNode, type)
      return
    }
    report.warning(
      "B2.1", pathNode, "real Argo reads \(filter.path.text) as a member named \"$\" and discards every event",
      fix: "write body\(filter.path.text.dropFirst())")
    if let name = filter.path.derivedName, name == "digest" || name == "tag" {
      report.info("B2.2", pathNode, "the message has a full reference; here the filter tries the \(name) alone as well")
    }
  }
}

extension FilterLoader {
  fileprivate func remarkOnPlainWord(_ filter: DataFilter, _ node: Node, _ type: String) {
    guard type == "string", filter.comparator != "!=",
      let word = filter.values.first(where: { !$0.isEmpty && $0.allSatisfy(\.isLetter) })
    else { return }
    report.info("B2.6", node, "\(word.quoted(limit: 40)) also matches texts that only contain it", fix: "write ^\(word)$")
  }
}

extension DataFilter.Kind {
  /// The values compiled for `type`.
  init(type: String, values: [String]) {
    switch type {
    case "string":
      self = .string(values.map { text in Result { () throws(RuleError) in try RE2Pattern(text) } })
    case "number":
      self = .number(
        values.map { text in
          GoText.float(text).map { .success($0) }
            ?? .failure(.init(message: "strconv.ParseFloat: parsing \(text.quoted(limit: 80)): invalid syntax"))
        })
    case "bool":
      self = .bool(
        values.map { text in
          GoText.bool(text).map { .success($0) }
            ?? .failure(.init(message: "strconv.ParseBool: parsing \(text.quoted(limit: 80)): invalid syntax"))
        })
    default: self = .unsupported(type)
    }
  }

  /// What is wrong with the values.
  var problems: [String] {
    switch self {
    case .string(let patterns): patterns.compactMap { $0.failure.map { "\($0)" } }
    case .number(let numbers): numbers.compactMap { $0.failure?.message }
    case .bool(let flags): flags.compactMap { $0.failure?.message }
    case .unsupported: []
    }
  }
}

extension Result {
  fileprivate var failure: Failure? {
    guard case .failure(let error) = self else { return nil }
    return error
  }
}
