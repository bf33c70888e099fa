import JSON

/// What Artifact Registry says about a push or a deletion.
package struct RegistryNotification: Hashable, Sendable {
  package enum Action: Hashable, Sendable {
    case insert
    case delete
    case unknown(String)

    /// The word that the registry uses.
    package var text: String {
      switch self {
      case .insert: "INSERT"
      case .delete: "DELETE"
      case .unknown(let text): text
      }
    }
  }

  /// What to do about a notification.
  package enum Disposition: Hashable, Sendable {
    /// A tag was set: the reference has it, and the digest where the registry told.
    case act(ImageReference)
    case ignore(IgnoreReason)
  }

  /// nil where the data has no `action`; Artifact Registry always sends one.
  package let action: Action?
  /// `tag` as it was sent: a full reference, with some senders the tag alone.
  package let tagReference: String?
  /// `digest` as it was sent: a full reference, with some senders the digest alone.
  package let digestReference: String?
  /// What both say together; nil where neither names an image.
  package let image: ImageReference?

  /// - Parameter data: the message's data.
  package init(data: [UInt8]) throws(EnvelopeError) {
    let members = try Self.members(of: data)
    action = members.action.map { $0 == "INSERT" ? .insert : $0 == "DELETE" ? .delete : .unknown($0) }
    tagReference = members.tag
    digestReference = members.digest
    image = try Self.image(tag: members.tag, digest: members.digest)
  }

  /// What to do about a message: what its notification says, or nothing where it has no data.
  package static func disposition(of message: PubSubMessage) throws(EnvelopeError) -> Disposition {
    message.data.isEmpty ? .ignore(.noData) : try RegistryNotification(data: message.data).disposition
  }

  package var disposition: Disposition {
    switch action {
    case nil: return .ignore(.noAction)
    case .delete: return .ignore(.deletion)
    case .unknown(let action): return .ignore(.unknownAction(action))
    case .insert: break
    }
    guard tagReference != nil else { return .ignore(.noTag) }
    guard let image, let tag = image.tag else { return .ignore(.noImage) }
    return Self.isSignature(tag) ? .ignore(.signature(tag: tag)) : .act(image)
  }

  /// `sha256-` and 64 hexadecimal digits, then the end or a dot: `.sig`, `.att`, `.sbom`.
  private static func isSignature(_ tag: String) -> Bool {
    guard tag.hasPrefix("sha256-") else { return false }
    let digits = tag.utf8.dropFirst(7).prefix(64)
    guard digits.count == 64, digits.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else {
      return false
    }
    return tag.utf8.count == 71 || tag.utf8.dropFirst(71).first == UInt8(ascii: ".")
  }
}

// Reading.
extension RegistryNotification {
  private typealias Members = (action: String?, tag: String?, digest: String?)

  private static func members(of data: [UInt8]) throws(EnvelopeError) -> Members {
    do throws(JSONError) {
      var reader = try JSONReader(data)
      var members: Members = (nil, nil, nil)
      let kind = try reader.peek()
      guard kind == .object else {
        let offset = reader.position
        // Whether the rest is JSON at all is worth telling.
        try reader.skipValue()
        try reader.finish()
        throw .wrongKind(kind, offset: offset, expected: .object)
      }
      try reader.beginObject()
      while let name = try reader.nextMember() {
        if reader.text(name, is: "action") {
          try read(&members.action, named: name, from: &reader)
        } else if reader.text(name, is: "tag") {
          try read(&members.tag, named: name, from: &reader)
        } else if reader.text(name, is: "digest") {
          try read(&members.digest, named: name, from: &reader)
        } else {
          try reader.skipValue()
        }
      }
      try reader.finish()
      return members
    } catch {
      throw .invalidData(error)
    }
  }

  /// Reads a string; null and empty count as absent.
  private static func read(_ value: inout String?, named name: JSONText, from reader: inout JSONReader) throws(JSONError) {
    guard value == nil else { throw .duplicateName(reader.string(name), offset: name.range.lowerBound - 1) }
    guard try reader.peek() != .null else { return try reader.readNull() }
    let text = try reader.readString()
    if !text.range.isEmpty { value = reader.string(text) }
  }

  private static func image(tag: String?, digest: String?) throws(EnvelopeError) -> ImageReference? {
    var digestImage: ImageReference?
    var bareDigest: String?
    if let digest {
      if ImageReference.isDigest(digest) {
        bareDigest = digest
      } else {
        guard let image = ImageReference(digest), image.digest != nil else {
          throw .invalidReference(member: "digest", text: digest)
        }
        digestImage = image
        bareDigest = image.digest
      }
    }
    guard let tag else { return digestImage }
    guard tag.utf8.contains(UInt8(ascii: "/")) else {
      // Some producers send the tag alone, or `web:prod`; then the digest says which image is meant.
      let bare = tag.utf8.lastIndex(of: UInt8(ascii: ":")).map { String(tag[tag.utf8.index(after: $0)...]) } ?? tag
      guard ImageReference.isTag(bare) else { throw .invalidReference(member: "tag", text: tag) }
      digestImage?.tag = bare
      return digestImage
    }
    guard var image = ImageReference(tag), image.tag != nil else { throw .invalidReference(member: "tag", text: tag) }
    if digestImage.map({ ($0.host, $0.path) == (image.host, image.path) }) ?? true { image.digest = image.digest ?? bareDigest }
    return image
  }
}
