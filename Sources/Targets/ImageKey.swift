import Events

/// A key of a mapping: a full reference with its tag, a repository, or the short name of an image.
///
/// All are told apart by their spelling: repositories have a slash, short names have none.
struct ImageKey: Hashable {
  /// The spelling by which look-ups find the key, Docker Hub's names completed.
  let form: String
  /// The repository that the key knows; nil for short names.
  let repository: String?

  enum Problem: Error {
    case digest
    case malformed
  }

  init(_ text: String) throws(Problem) {
    guard !text.contains("@") else { throw .digest }
    guard let image = ImageReference(text) else { throw .malformed }
    let suffix = image.tag.map { ":" + $0 } ?? ""
    repository = text.contains("/") ? image.image : nil
    form = (repository ?? image.name) + suffix
  }

  /// The spellings under which `image` may stand in a mapping, the most exact first.
  static func forms(of image: ImageReference) -> [String] {
    [image.image, image.name].flatMap { name in (image.tag.map { ["\(name):\($0)"] } ?? []) + [name] }
  }
}
