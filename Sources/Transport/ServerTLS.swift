package import OpenSSL
import Locks

/// The TLS settings of a listener. They may be replaced at any time and from any thread: connections that come later use the new ones,
/// those in progress go on with theirs.
package final class ServerTLS: Sendable {
  private let context: Mutex<TLSContext>

  /// - Parameter context: made by `TLSContext.server`, as are all that replace it.
  package init(_ context: TLSContext) { self.context = Mutex(context) }

  package var current: TLSContext { context.withLock { $0 } }

  package func replace(by context: TLSContext) { self.context.withLock { $0 = context } }
}
