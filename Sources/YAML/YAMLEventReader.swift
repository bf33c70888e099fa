import CYAML

/// libyaml's parser. The only type that touches the library.
///
/// @safe: the parser and the copy of the text that it points into live and die with this value, and no pointer leaves it.
@safe struct YAMLEventReader: ~Copyable {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let text: UnsafeMutableBufferPointer<UInt8>
  /// The line of the whole stream on which this text starts, counted from 0.
  private let firstLine: Int

  /// - Parameter firstLine: added to every line, for a text that is a piece of a larger one.
  init(_ bytes: ArraySlice<UInt8>, firstLine: Int) throws(YAMLError) {
    self.firstLine = firstLine
    unsafe parser = .allocate(capacity: 1)
    unsafe text = .allocate(capacity: max(bytes.count, 1))
    _ = unsafe text.initialize(fromContentsOf: bytes.isEmpty ? [0x0A] : bytes)
    guard unsafe yaml_parser_initialize(parser) == 1 else {
      unsafe parser.deallocate()
      unsafe text.deallocate()
      throw .syntax(problem: "out of memory", at: YAMLPosition(line: firstLine + 1, column: 1))
    }
    // Without this libyaml would guess UTF-16 from a byte order mark.
    unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    unsafe yaml_parser_set_input_string(parser, text.baseAddress, bytes.count)
  }

  deinit {
    unsafe yaml_parser_delete(parser)
    unsafe parser.deallocate()
    unsafe text.deallocate()
  }

  /// The next event. After `streamEnd` or an error there is none.
  mutating func next() throws(YAMLError) -> YAMLEvent {
    while true {
      var event = unsafe yaml_event_t()
      guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw problem() }
      defer { unsafe yaml_event_delete(&event) }
      guard let kind = unsafe Self.kind(of: event) else { continue }
      return YAMLEvent(kind: kind, position: unsafe position(event.start_mark))
    }
  }

  /// nil for what starts a stream.
  private static func kind(of event: yaml_event_t) -> YAMLEvent.Kind? {
    switch unsafe event.type {
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_ALIAS_EVENT: return unsafe .alias(string(event.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT:
      let scalar = unsafe event.data.scalar
      let value = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      return unsafe .scalar(
        String(decoding: value, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE, anchor: string(scalar.anchor),
        tag: string(scalar.tag))
    case YAML_SEQUENCE_START_EVENT:
      return unsafe .sequenceStart(anchor: string(event.data.sequence_start.anchor), tag: string(event.data.sequence_start.tag))
    case YAML_MAPPING_START_EVENT:
      return unsafe .mappingStart(anchor: string(event.data.mapping_start.anchor), tag: string(event.data.mapping_start.tag))
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .collectionEnd
    case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return .streamEnd
    default: return nil
    }
  }

  private func problem() -> YAMLError {
    let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "unknown problem"
    let context = unsafe parser.pointee.context.map { unsafe String(cString: $0) }
    switch unsafe parser.pointee.error {
    case YAML_READER_ERROR:
      // The reader knows the byte only.
      let offset = unsafe min(parser.pointee.problem_offset, text.count)
      let before = unsafe text[..<offset]
      let line = unsafe before.count { $0 == 0x0A }
      let column = unsafe before.reversed().prefix { $0 != 0x0A }.count
      return .syntax(problem: problem, at: YAMLPosition(line: firstLine + line + 1, column: column + 1))
    default:
      return unsafe .syntax(
        problem: context.map { "\(problem) \($0)" } ?? problem, at: position(parser.pointee.problem_mark))
    }
  }

  private func position(_ mark: yaml_mark_t) -> YAMLPosition {
    YAMLPosition(line: firstLine + Int(clamping: mark.line) + 1, column: Int(clamping: mark.column) + 1)
  }

  private static func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    unsafe text.map { unsafe String(cString: $0) }
  }
}
