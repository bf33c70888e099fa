/// Reads the documents of a YAML text.
package enum YAMLStream {
  /// All documents in order; those without content are left out.
  package static func parse(_ bytes: [UInt8], limits: YAMLLimits = .default) throws(YAMLError) -> [YAMLNode] {
    guard bytes.count <= limits.bytes else { throw .tooLarge(count: bytes.count, limit: limits.bytes) }
    return try parse(bytes[...], firstLine: 0, limits: limits)
  }

  package static func parse(_ text: String, limits: YAMLLimits = .default) throws(YAMLError) -> [YAMLNode] {
    try parse(Array(text.utf8), limits: limits)
  }

  /// The documents that can be read and an error for each that cannot: one broken document does not take the others with it.
  ///
  /// A text that fails as a whole is read again in pieces, cut at the lines that start with `---`.
  package static func parseEach(
    _ bytes: [UInt8], limits: YAMLLimits = .default
  ) -> (documents: [YAMLNode], errors: [YAMLError]) {
    do throws(YAMLError) {
      return (try parse(bytes, limits: limits), [])
    } catch .tooLarge(let count, let limit) {
      return ([], [.tooLarge(count: count, limit: limit)])
    } catch {
      var documents: [YAMLNode] = []
      var errors: [YAMLError] = []
      for (piece, firstLine) in pieces(of: bytes) {
        do throws(YAMLError) {
          documents += try parse(piece, firstLine: firstLine, limits: limits)
        } catch {
          errors.append(error)
        }
      }
      return (documents, errors)
    }
  }

  private static func parse(_ bytes: ArraySlice<UInt8>, firstLine: Int, limits: YAMLLimits) throws(YAMLError) -> [YAMLNode] {
    // libyaml skips a byte order mark only where it may guess the encoding, which we do not let it.
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let bytes = bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes
    var composer = try YAMLComposer(bytes, firstLine: firstLine, limits: limits)
    var documents: [YAMLNode] = []
    while let document = try composer.nextDocument() { documents.append(document) }
    return documents
  }

  /// The text cut before each line that starts with `---`, with the number of lines before each piece. In YAML such a line starts
  /// a document wherever it stands, inside block scalars too.
  private static func pieces(of bytes: [UInt8]) -> [(ArraySlice<UInt8>, firstLine: Int)] {
    var pieces: [(ArraySlice<UInt8>, firstLine: Int)] = []
    var start = (offset: 0, line: 0)
    var lineStart = 0
    for (line, content) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let rest = content.dropFirst(3).first
      if line > 0, content.starts(with: "---".utf8), rest == nil || rest == 0x20 || rest == 0x09 || rest == 0x0D {
        pieces.append((bytes[start.offset..<lineStart], start.line))
        start = (lineStart, line)
      }
      lineStart = min(content.endIndex + 1, bytes.count)
    }
    return pieces + [(bytes[start.offset...], start.line)]
  }
}
