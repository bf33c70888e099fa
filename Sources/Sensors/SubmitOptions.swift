import JSON

/// The options of `argo submit` that a Sensor may pass in `argoWorkflow.args`: parameters, and nothing else here.
enum SubmitOptions {
  /// The parameters of `-p k=v`, `-pk=v`, `--parameter k=v` and `--parameter=k=v`.
  static func parameters(_ words: [String]) throws(RunArguments.Problem) -> [Firing.Parameter] {
    var parameters: [Firing.Parameter] = []
    var index = 0
    while index < words.count {
      let word = words[index]
      index += 1
      if word == "-p" || word == "--parameter" {
        guard index < words.count else { throw RunArguments.Problem(message: "the argument \(word) has no value") }
        parameters.append(try parameter(words[index]))
        index += 1
      } else if word.hasPrefix("--parameter=") {
        parameters.append(try parameter(String(word.dropFirst(12))))
      } else if word.hasPrefix("-p"), !word.hasPrefix("--") {
        parameters.append(try parameter(String(word.dropFirst(2))))
      } else {
        throw RunArguments.Problem(message: "the argument \(word.quoted(limit: 80)) of argo submit is not known here, only -p")
      }
    }
    return parameters
  }

  private static func parameter(_ text: String) throws(RunArguments.Problem) -> Firing.Parameter {
    guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
      throw RunArguments.Problem(message: "the parameter \(text.quoted(limit: 80)) is not NAME=VALUE")
    }
    return Firing.Parameter(name: String(text[..<equals]), value: String(text[text.index(after: equals)...]))
  }
}
