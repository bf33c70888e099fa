import JSON

/// Why a message is no reason to restart anything. It is acknowledged, and the reason recorded.
package enum IgnoreReason: Hashable, Sendable {
  case noData
  case noAction
  case deletion
  case unknownAction(String)
  /// A manifest pushed by digest alone: a child of a multi-platform image, or a push whose tag has its own message.
  case noTag
  /// A tag without any image that it belongs to.
  case noImage
  /// A signature, attestation or bill of materials that cosign keeps beside the image.
  case signature(tag: String)
}

extension IgnoreReason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noData: "the message has attributes only"
    case .noAction: "the message has no \"action\""
    case .deletion: "the image or tag was deleted"
    case .unknownAction(let action): "the action \(action.quoted(limit: 80)) is not INSERT"
    case .noTag: "the image was pushed by digest, without a tag"
    case .noImage: "the tag comes without an image"
    case .signature(let tag): "the tag \(tag.quoted(limit: 80)) holds a signature or attestation, not an image"
    }
  }
}
