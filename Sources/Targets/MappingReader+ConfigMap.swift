import JSON
import YAML

extension MappingReader {
  mutating func read(configMap document: YAMLNode, file: String) {
    let source = Source(file: file, key: "")
    guard let data = document["data"]?.members, !data.isEmpty else {
      report(.warning, "empty", source.place(document.position), "the ConfigMap has no data")
      return
    }
    if let binary = document.member("binaryData") {
      report(.warning, "binary-data", source.place(binary.position), "binaryData is not read; use data")
    }
    for member in data { read(dataOf: member, file) }
  }

  private mutating func read(dataOf member: YAMLMember, _ file: String) {
    let place = MappingPlace(file: file, line: member.position.line, column: member.position.column)
    let key = member.name.quoted(limit: 260)
    let isKey = (1...253).contains(member.name.utf8.count) && member.name.utf8.allSatisfy(Self.isKeyByte)
    if !isKey {
      report(
        .warning, "B4.2", place,
        "\(key) cannot be a key of a ConfigMap, which takes letters, digits, \"-\", \"_\" and \".\" alone; put full references "
          + "into a document under one key, cache.json: |")
    }
    var source = Source(file: file, key: isKey ? Self.key(ofFile: member.name) : member.name)
    if let text = member.value.string {
      source.fixedPlace = MappingPlace(file: file, line: member.value.position.line, column: member.value.position.column)
      read(text: Array(text.utf8), source)
      return
    }
    let what = member.value.members != nil ? "a map" : member.value.elements != nil ? "a list" : "no string"
    report(
      .warning, "B4.1", place,
      "data.\(member.name) is \(what), and the API server takes only strings there: write \"\(member.name): |\" and leave the "
        + "lines below it as they are")
    read(member.value, source)
  }

  private static func isKeyByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
    default: false
    }
  }
}
