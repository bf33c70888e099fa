import Dispatch

/// The bearer token of the moment.
///
/// A token file is read again when what we hold is a minute old, because the kubelet replaces a token well before it expires, and
/// at once after the server has refused it.
actor TokenCache {
  private let source: TokenSource
  private let files: FileSource
  private let now: @Sendable () -> ContinuousClock.Instant
  private var held: (token: Secret, readAt: ContinuousClock.Instant)?

  static let lifetime: Duration = .seconds(60)

  // The cooperative pool has a thread per core, so files are read elsewhere.
  private static let queue = DispatchQueue(label: "kubernetes.token")

  init(_ source: TokenSource, files: FileSource, now: @escaping @Sendable () -> ContinuousClock.Instant) {
    self.source = source
    self.files = files
    self.now = now
  }

  /// The token to send; nil where calls carry none.
  ///
  /// A file that cannot be read any more leaves the token we hold in use: the server judges it, and `refreshed` reports the file.
  func token() async throws(CredentialsError) -> Secret? {
    switch source {
    case .none: return nil
    case .fixed(let token): return token
    case .file(let path):
      if let held, now() - held.readAt < Self.lifetime { return held.token }
      do throws(CredentialsError) { return try await reread(path) } catch {
        guard let held else { throw error }
        return held.token
      }
    }
  }

  /// The token that has taken the place of `refused`; nil where none has.
  func refreshed(after refused: Secret?) async throws(CredentialsError) -> Secret? {
    guard case .file(let path) = source else { return nil }
    let token = try await reread(path)
    return token == refused ? nil : token
  }

  private func reread(_ path: String) async throws(CredentialsError) -> Secret {
    let files = files
    let result: Result<[UInt8], CredentialsError> = await withCheckedContinuation { continuation in
      Self.queue.async { @Sendable in
        continuation.resume(returning: Result { () throws(CredentialsError) in try files.read(path) })
      }
    }
    let token = try Self.token(in: try result.get(), file: path)
    held = (token, now())
    return token
  }

  /// The token in the content of `file`, without white space around it.
  static func token(in content: [UInt8], file: String) throws(CredentialsError) -> Secret {
    let text = String(decoding: content, as: UTF8.self).trimmed
    guard !text.isEmpty else {
      throw .field(file: file, field: "content", problem: "the file is empty", fix: "put the bearer token in it")
    }
    // RFC 6750 section 2.1 has only these; anything else could end the field and start another.
    guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw .field(
        file: file, field: "content", problem: "it holds a character that no bearer token has",
        fix: "put the token alone in it, on one line")
    }
    return Secret(Array(text.utf8))
  }
}
