import Dispatch
import Glibc

/// A key set in a file.
struct KeyFile: Sendable {
  /// How often the file is looked at.
  static let interval = Duration.seconds(1)
  /// Reads may block, and the cooperative pool has a thread per core: they have a queue of their own.
  private static let queue = DispatchQueue(label: "relaunch.oidc.key-file")

  let path: String

  /// Reads the file unless it is still the one that `known` names.
  func load(unless known: FileIdentity?, bytesLimit: Int) async -> Result<KeyLoad, KeyFetchFault> {
    await withCheckedContinuation { continuation in
      Self.queue.async { @Sendable in
        continuation.resume(returning: Result { () throws(KeyFetchFault) in try read(unless: known, bytesLimit) })
      }
    }
  }

  private func read(unless known: FileIdentity?, _ bytesLimit: Int) throws(KeyFetchFault) -> KeyLoad {
    // Without O_NONBLOCK, opening a named pipe would wait for its writer.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw fault() }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw fault() }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path: path, reason: "not a regular file") }
    let identity = FileIdentity(status)
    if identity == known { return .unchanged }
    var bytes = [UInt8](repeating: 0, count: bytesLimit + 1)
    var count = 0
    while count < bytes.count {
      let start = count
      let taken = unsafe bytes.withUnsafeMutableBytes {
        unsafe Glibc.read(descriptor, $0.baseAddress?.advanced(by: start), $0.count - start)
      }
      guard taken >= 0 || errno == EINTR else { throw fault() }
      if taken == 0 { break }
      count += max(taken, 0)
    }
    guard count <= bytesLimit else { throw .tooLarge(limit: bytesLimit) }
    return .document(Array(bytes.prefix(count)), lifetime: Self.interval, identity: identity)
  }

  private func fault() -> KeyFetchFault {
    .unreadable(path: path, reason: unsafe String(cString: strerror(errno)))
  }
}
