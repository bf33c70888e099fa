internal import Glibc

/// A system call on a file or a directory that failed.
package struct DiskError: Error, Hashable, Sendable {
  /// The call, by its name in section 2 of the manual.
  package let call: String
  package let path: String
  /// The value of `errno`.
  package let code: Int32

  package init(call: String, path: String, code: Int32) {
    self.call = call
    self.path = path
    self.code = code
  }

  /// True when there is no space: the one fault of a write after which the log goes on.
  package var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }

  /// True when nothing can be opened because the process or the system has no free descriptor.
  var isLackOfDescriptors: Bool { code == EMFILE || code == ENFILE }

  /// True when there is nothing of that name.
  var isAbsent: Bool { code == ENOENT }

  /// True when the medium cannot give back what it once took.
  var isUnreadable: Bool { code == EIO }

  /// True when something of the machine's is used up that comes back: space, or descriptors. What failed so has changed nothing.
  var isShortage: Bool { isDiskFull || isLackOfDescriptors || code == ENOMEM }

  /// True when the call was interrupted before it did anything and is simply made again.
  var isInterrupted: Bool { code == EINTR }
}

extension DiskError: CustomStringConvertible {
  package var description: String { unsafe "\(path): \(call): \(String(cString: strerror(code)))" }
}
