import Foundation
import Glibc

/// What the kernel says about a process.
struct ProcessFigures: Sendable {
  /// The time that it has worked.
  let cpu: Duration
  /// The memory that it has, in KiB.
  let residentKiB: Int
  let descriptors: Int

  init(of process: pid_t) throws {
    let directory = "/proc/\(process)"
    let status = try String(contentsOfFile: "\(directory)/stat", encoding: .utf8)
    // The name, in parentheses, may have spaces.
    let fields = (status.split(separator: ")").last ?? "").split(separator: " ")
    guard fields.count > 21, let user = Int(fields[11]), let system = Int(fields[12]), let pages = Int(fields[21]) else {
      throw Unmet("\(directory)/stat says \(status)")
    }
    cpu = .milliseconds((user + system) * 1000 / sysconf(Int32(_SC_CLK_TCK)))
    residentKiB = pages * sysconf(Int32(_SC_PAGESIZE)) / 1024
    descriptors = try FileManager.default.contentsOfDirectory(atPath: "\(directory)/fd").count
  }
}
