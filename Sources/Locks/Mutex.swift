import CShims
package import Synchronization

/// A value that one thread at a time may use: `Synchronization.Mutex`, in a form that ThreadSanitizer can follow.
///
/// The library's mutex is a futex that ThreadSanitizer knows nothing of, so it reports a race for whatever one guards. In builds for it
/// (`scripts/sanitize thread`) this one tells it who holds the value; in all others it is the library's and nothing more. Not recursive.
package struct Mutex<Value: ~Copyable>: ~Copyable {
  @usableFromInline let mutex: Synchronization.Mutex<Value>
  #if THREAD_SANITIZER
    /// Stands for the mutex before ThreadSanitizer, by its address.
    private final class Name: Sendable {}

    private let name = Name()
  #endif

  @inlinable package init(_ value: consuming sending Value) { mutex = Synchronization.Mutex(value) }

  /// Calls `body` with the value, when no one else has it. Nothing that waits for other threads belongs in it.
  #if THREAD_SANITIZER
    package borrowing func withLock<Result: ~Copyable, Failure: Error>(
      _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
      try mutex.withLock { value throws(Failure) in
        let address = unsafe Unmanaged.passUnretained(name).toOpaque()
        unsafe __tsan_acquire(address)
        defer { unsafe __tsan_release(address) }
        return try body(&value)
      }
    }
  #else
    @inlinable package borrowing func withLock<Result: ~Copyable, Failure: Error>(
      _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
      try mutex.withLock(body)
    }
  #endif
}

extension Mutex: @unchecked Sendable where Value: ~Copyable {}
