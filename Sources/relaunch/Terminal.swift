import ArgumentParser
import Glibc

/// What goes to a person's terminal, or to the script that reads it.
enum Terminal {
  /// Writes one line to standard output at once: scripts wait for some of them.
  static func line(_ text: String) {
    print(text)
    fflush(nil)
  }

  /// Says on standard error what is wrong, and gives the exit to throw.
  static func failure(_ text: String, _ code: ExitCode) -> ExitCode {
    note(text)
    return code
  }

  /// Says something on standard error.
  static func note(_ text: String) {
    let bytes = Array("relaunch: \(text)\n".utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}

extension String {
  /// The text without characters at either end that `isUnwanted`.
  func trimming(_ isUnwanted: (Character) -> Bool) -> String {
    var text = self[...].drop(while: isUnwanted)
    while let last = text.last, isUnwanted(last) { text.removeLast() }
    return String(text)
  }
}
