/// The part of the shell's language whose meaning is the same whoever reads it: plain commands and `set`, `echo`, `exit`.
///
/// Anything that expands, redirects, pipes or branches throws. The source is read before parameters are put in, so no parameter
/// can add syntax.
enum ShellWords {
  /// Cuts a script into commands of words; comments and blank lines are gone.
  static func commands(in script: String) throws(NotNative) -> [[String]] {
    var reader = Reader(scalars: Array(script.unicodeScalars))
    return try reader.read()
  }

  private struct Reader {
    let scalars: [Unicode.Scalar]
    var index = 0
    var finished: [[String]] = []
    var words: [String] = []
    var word: String?

    init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    mutating func read() throws(NotNative) -> [[String]] {
      while let scalar = next() {
        switch scalar {
        case " ", "\t", "\r": endWord()
        case "\n", ";": endCommand()
        case "#" where word == nil: skipComment()
        case "'": try singleQuoted()
        case "\"": try doubleQuoted()
        case "\\": try escaped()
        case "&": try and()
        case "{" where peek() == "{": try tag()
        case "$", "`", "|", ">", "<", "(", ")", "*", "?", "[", "~", "{", "}", "!":
          throw NotNative("its script uses '\(scalar)'")
        default: append(scalar)
        }
      }
      endCommand()
      return finished
    }

    private func peek() -> Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private mutating func next() -> Unicode.Scalar? {
      guard index < scalars.count else { return nil }
      defer { index += 1 }
      return scalars[index]
    }

    private mutating func append(_ scalar: Unicode.Scalar) { word = (word ?? "") + String(Character(scalar)) }

    private mutating func endWord() {
      if let word { words.append(word) }
      word = nil
    }

    private mutating func endCommand() {
      endWord()
      if !words.isEmpty { finished.append(words) }
      words = []
    }

    private mutating func skipComment() { while let scalar = peek(), scalar != "\n" { index += 1 } }

    private mutating func singleQuoted() throws(NotNative) {
      word = word ?? ""
      while let scalar = next() {
        if scalar == "'" { return }
        append(scalar)
      }
      throw NotNative("its script leaves a ' open")
    }

    private mutating func doubleQuoted() throws(NotNative) {
      word = word ?? ""
      while let scalar = next() {
        switch scalar {
        case "\"": return
        case "$", "`", "!": throw NotNative("its script uses '\(scalar)'")
        case "\\":
          guard let following = next() else { throw NotNative("its script ends in a backslash") }
          if !["\"", "\\", "$", "`"].contains(following) { append("\\") }
          append(following)
        default: append(scalar)
        }
      }
      throw NotNative("its script leaves a \" open")
    }

    private mutating func escaped() throws(NotNative) {
      guard let following = next() else { throw NotNative("its script ends in a backslash") }
      if following != "\n" { append(following) }
    }

    private mutating func and() throws(NotNative) {
      guard next() == "&" else { throw NotNative("its script uses '&'") }
      endCommand()
    }

    /// Keeps `{{ … }}` as one piece of the word it stands in.
    private mutating func tag() throws(NotNative) {
      append("{")
      while let scalar = next() {
        if scalar == "\n" { break }
        if scalar != " " { append(scalar) }
        if scalar == "}", peek() == "}" {
          index += 1
          append("}")
          return
        }
      }
      throw NotNative("its script has {{ without }}")
    }
  }
}
