/// An image in a registry: `europe-west1-docker.pkg.dev/acme-prod/apps/web:prod@sha256:…`.
package struct ImageReference: Hashable, Sendable {
  /// The registry, with its port where one is written; `docker.io` where none is.
  package let host: String
  /// Everything between host and tag: `acme-prod/apps/web`.
  package let path: String
  /// `prod`, without the colon.
  package var tag: String?
  /// `sha256:…`.
  package var digest: String?

  /// Reads a reference by the rules that registries share: the digest follows the last `@`, the tag the last `:` after the last
  /// `/`. A first part without dot, port or `localhost` is no host; then the host is Docker Hub, as in a pod's specification.
  ///
  /// - Returns: nil for texts that name no image: empty parts, characters that no registry allows, more than 1,024 bytes.
  package init?(_ text: some StringProtocol) {
    // Bytes throughout: characters are slow to walk, and every byte that counts here is ASCII.
    var rest = Array(text.utf8)[...]
    guard !rest.isEmpty, rest.count <= 1024 else { return nil }
    var digest: ArraySlice<UInt8>?
    if let at = rest.lastIndex(of: UInt8(ascii: "@")) {
      digest = rest[(at + 1)...]
      rest = rest[..<at]
    }
    var tag: ArraySlice<UInt8>?
    if let colon = rest.lastIndex(of: UInt8(ascii: ":")), !rest[colon...].contains(UInt8(ascii: "/")) {
      tag = rest[(colon + 1)...]
      rest = rest[..<colon]
    }
    let (host, path) = Self.split(rest)
    guard Self.isPath(path), Self.isHost(host), digest.map(Self.isDigest) ?? true, tag.map(Self.isTag) ?? true else { return nil }
    // Docker Hub's own images may leave its first part out: `nginx` is `library/nginx`.
    let isShort = host.isEmpty && !path.contains(UInt8(ascii: "/"))
    self.init(
      host: host.isEmpty ? "docker.io" : String(decoding: host, as: UTF8.self),
      path: (isShort ? "library/" : "") + String(decoding: path, as: UTF8.self),
      tag: tag.map { String(decoding: $0, as: UTF8.self) }, digest: digest.map { String(decoding: $0, as: UTF8.self) })
  }

  /// - Parameters: taken as they are; whoever has texts from outside uses the other initializer.
  package init(host: String, path: String, tag: String? = nil, digest: String? = nil) {
    self.host = host
    self.path = path
    self.tag = tag
    self.digest = digest
  }

  /// The image without tag and digest: `europe-west1-docker.pkg.dev/acme-prod/apps/web`.
  package var image: String { host + "/" + path }

  /// The last part of the path: `web`.
  package var name: String {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) } ?? path
  }

  /// The project of a Google registry, in the form of its id (`example.com:acme-prod` where it belongs to a domain); nil elsewhere.
  package var project: String? { google.map(\.project) }

  /// The repository of Artifact Registry: `apps`. nil for `gcr.io` hosts, which have none, and elsewhere.
  package var repository: String? { google?.repository }

  private var google: (project: String, repository: String?)? {
    let isArtifactRegistry = host.hasSuffix("-docker.pkg.dev")
    guard isArtifactRegistry || host == "gcr.io" || host.hasSuffix(".gcr.io") else { return nil }
    let parts = path.split(separator: "/")
    // A project that belongs to a domain takes two parts: `example.com/acme-prod`. No other project has a dot.
    let isScoped = parts.first?.contains(".") == true
    let count = isScoped ? 2 : 1
    guard parts.count > count else { return nil }
    let project = parts[..<count].joined(separator: ":")
    return (project, isArtifactRegistry && parts.count > count + 1 ? String(parts[count]) : nil)
  }

  /// The host is empty for Docker Hub.
  private static func split(_ text: ArraySlice<UInt8>) -> (host: ArraySlice<UInt8>, path: ArraySlice<UInt8>) {
    guard let slash = text.firstIndex(of: UInt8(ascii: "/")) else { return ([], text) }
    let first = text[..<slash]
    let isHost = first.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") } || first.elementsEqual("localhost".utf8)
    guard isHost else { return ([], text) }
    let isHub = first.elementsEqual("docker.io".utf8) || first.elementsEqual("index.docker.io".utf8)
    return (isHub ? [] : first, text[(slash + 1)...])
  }

  /// Whether `text` can be a tag by itself.
  package static func isTag(_ text: String) -> Bool { isTag(text.utf8) }

  /// Whether `text` is a digest by itself, such as `sha256:` and 64 hexadecimal digits.
  package static func isDigest(_ text: String) -> Bool { isDigest(text.utf8) }

  private static func isTag(_ text: some Collection<UInt8>) -> Bool {
    guard let first = text.first, text.count <= 128 else { return false }
    return first != UInt8(ascii: ".") && first != UInt8(ascii: "-") && text.allSatisfy { isWord($0) }
  }

  private static func isDigest(_ text: some Collection<UInt8>) -> Bool {
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon != text.startIndex else { return false }
    let digits = text[text.index(after: colon)...]
    return (32...256).contains(digits.count)
      && digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
      && text[..<colon].allSatisfy { isWord($0) || $0 == UInt8(ascii: "+") }
  }

  private static func isPath(_ text: ArraySlice<UInt8>) -> Bool {
    var isPartEmpty = true
    var isPartDots = true
    for byte in text {
      if byte == UInt8(ascii: "/") {
        guard !isPartEmpty, !isPartDots else { return false }
        isPartEmpty = true
        isPartDots = true
      } else {
        guard isWord(byte) else { return false }
        isPartEmpty = false
        if byte != UInt8(ascii: ".") { isPartDots = false }
      }
    }
    return !isPartEmpty && !isPartDots
  }

  private static func isHost(_ text: ArraySlice<UInt8>) -> Bool {
    text.allSatisfy { isWord($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]") }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"): true
    default: false
    }
  }
}

extension ImageReference: CustomStringConvertible {
  /// The reference as registries write it.
  package var description: String { image + (tag.map { ":" + $0 } ?? "") + (digest.map { "@" + $0 } ?? "") }
}
