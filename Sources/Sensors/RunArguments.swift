import JSON

/// The parameters of one run: what the Sensor submitted, completed by the template.
struct RunArguments: Hashable, Sendable {
  /// Name and value, the template's own order first.
  private(set) var workflow: [Firing.Parameter] = []
  private var inputs: [String: String] = [:]

  /// What makes the run impossible.
  struct Problem: Error, Hashable {
    let message: String
  }

  /// Merges by name, the submitted value first; checks that each has a value and that it is one of those allowed.
  ///
  /// The entrypoint's inputs take the workflow arguments of equal name, as Argo fills them.
  init(submitted: [Firing.Parameter], template: [Argument], plan: RestartPlan) throws(Problem) {
    for argument in template {
      guard let name = argument.name else { continue }
      guard let value = submitted.last(where: { $0.name == name })?.value ?? argument.value else {
        throw Problem(message: "spec.arguments.\(name).value or spec.arguments.\(name).valueFrom is required")
      }
      try Self.check(value, against: argument)
      workflow.append(Firing.Parameter(name: name, value: value))
    }
    for parameter in submitted where !workflow.contains(where: { $0.name == parameter.name }) { workflow.append(parameter) }
    for input in plan.inputs {
      guard let name = input.name else { continue }
      guard let value = workflow.first(where: { $0.name == name })?.value ?? input.value else {
        throw Problem(message: "inputs.parameters.\(name) was not supplied")
      }
      try Self.check(value, against: input)
      inputs[name] = value
    }
  }

  /// `word` with its tags replaced.
  func fill(_ word: ArgumentWord, namespace: String) throws(Problem) -> String {
    var text = ""
    for part in word.parts {
      switch part {
      case .text(let literal): text += literal
      case .input(let name):
        guard let value = inputs[name] else { throw Problem(message: "failed to resolve {{inputs.parameters.\(name)}}") }
        text += value
      case .parameter(let name):
        guard let value = workflow.first(where: { $0.name == name })?.value else {
          throw Problem(message: "failed to resolve {{workflow.parameters.\(name)}}")
        }
        text += value
      case .namespace: text += namespace
      }
    }
    guard !text.utf8.holdsOpeningTag else {
      throw Problem(message: "\(text.quoted(limit: 80)) still has {{ after its parameters were put in")
    }
    return text
  }

  private static func check(_ value: String, against argument: Argument) throws(Problem) {
    guard let allowed = argument.allowed, !allowed.contains(value) else { return }
    let list = allowed.map { $0.quoted(limit: 40) }.joined(separator: ", ")
    throw Problem(message: "parameter \(argument.name ?? "") is \(value.quoted(limit: 80)); it must be one of \(list)")
  }
}

extension String.UTF8View {
  /// Whether `{{` occurs. As bytes: the search for a text that `String` offers takes longer than all else here.
  fileprivate var holdsOpeningTag: Bool {
    var previous: UInt8 = 0
    for byte in self {
      if byte == UInt8(ascii: "{"), previous == byte { return true }
      previous = byte
    }
    return false
  }
}
