import Glibc

/// Runs `body`, which blocks, on a thread of its own.
///
/// Not on a queue of Dispatch, which has some dozens of threads for all of them: when hundreds of tests read at once there would be none
/// left for those that answer.
package func onThreadOfItsOwn(_ body: @escaping @Sendable () -> Void) {
  var thread = pthread_t()
  let box = unsafe Unmanaged.passRetained(ThreadBody(body))
  let code = unsafe pthread_create(
    &thread, nil,
    { pointer in
      if let pointer = unsafe pointer { unsafe Unmanaged<ThreadBody>.fromOpaque(pointer).takeRetainedValue().run() }
      return nil
    }, box.toOpaque())
  precondition(code == 0, "no thread for a test: \(code)")
  pthread_detach(thread)
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void

  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
