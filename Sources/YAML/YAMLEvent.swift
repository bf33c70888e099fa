/// What libyaml reports, with its bytes copied.
struct YAMLEvent {
  enum Kind {
    case documentStart
    case documentEnd
    case alias(String)
    case scalar(String, isPlain: Bool, anchor: String?, tag: String?)
    case sequenceStart(anchor: String?, tag: String?)
    case mappingStart(anchor: String?, tag: String?)
    /// The end of the innermost sequence or mapping.
    case collectionEnd
    case streamEnd
  }

  let kind: Kind
  let position: YAMLPosition
}
