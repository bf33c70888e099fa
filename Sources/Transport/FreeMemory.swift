import CShims
import Dispatch

/// Memory that is free inside the process.
package enum FreeMemory {
  private static let queue = DispatchQueue(label: "relaunch.free-memory")

  /// Gives it back to the system, on a queue of its own. The allocator would keep most of it, lying between what is still in use.
  package static func release() { queue.async { relaunch_release_free_memory() } }
}
