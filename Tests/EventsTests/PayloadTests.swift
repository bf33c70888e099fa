import Clocks
import Events
import TestSupport
import Testing

/// The recorded pushes of every kind, handled as their index says.
@Suite(.enabled(if: SharedData.isPresent, "the shared data does not stand beside the checkout"))
struct PayloadTests {
  private struct Row {
    let file: String
    let isWrapped: Bool
    let image: String?
    let tag: String?
    let digest: String?
    let expected: String
  }

  @Test func handlesEveryFileOfTheIndexAsItSays() throws {
    let rows = try Self.rows()
    var handled = 0
    for row in rows {
      let matches = try isHandled(row)
      #expect(matches, "\(row.file)")
      if matches { handled += 1 }
    }
    print("payloads: \(handled) of \(rows.count)")
    #expect(rows.count == 33)
  }

  private func isHandled(_ row: Row) throws -> Bool {
    let envelope = try PushEnvelope(body: try SharedData.bytes("payloads/" + row.file))
    guard envelope.isWrapped == row.isWrapped else { return false }
    let disposition: RegistryNotification.Disposition
    do throws(EnvelopeError) {
      disposition = try RegistryNotification.disposition(of: envelope.message)
    } catch {
      return row.expected.hasPrefix("poison")
    }
    switch disposition {
    case .act(let image):
      return !Self.isIgnored(row) && (image.image, image.tag, image.digest) == (row.image, row.tag, row.digest)
    case .ignore(let reason):
      // The wanted reason follows from the row: one per kind of message that is not acted on.
      let wanted: IgnoreReason =
        if row.image == nil { .noData } else if row.file.contains("delete") {
          .deletion
        } else if row.file.contains("unknown-action") {
          .unknownAction("UPDATE")
        } else if let tag = row.tag { .signature(tag: tag) } else { .noTag }
      guard reason == wanted, Self.isIgnored(row) else { return false }
      guard row.image != nil, !row.file.hasPrefix("unwrapped") else { return true }
      let image = try RegistryNotification(data: envelope.message.data).image
      return (image?.image, image?.tag, image?.digest) == (row.image, row.tag, row.digest)
    }
  }

  private static func isIgnored(_ row: Row) -> Bool {
    // A row without words for it: the empty body of an unwrapped message of attributes only.
    ["ignore", "do not restart", "0-byte body"].contains { row.expected.contains($0) }
  }

  private static func rows() throws -> [Row] {
    try SharedData.text("payloads/INDEX.tsv").split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map { $0 == "-" ? nil : String($0) }
      guard fields.count >= 6, let file = fields[0], fields[1] != "other" else { return nil }
      return Row(
        file: file, isWrapped: fields[1] == "wrapped", image: fields[2], tag: fields[3], digest: fields[4],
        expected: fields[5] ?? "")
    }
  }

  @Test(
    "handles what Google's emulator sent",
    arguments: [
      (
        "emulator-attributes-only", true,
        PubSubMessage(
          messageID: "3", publishTime: Timestamp(rfc3339: "2026-11-23T14:20:07.114Z"),
          subscription: "projects/demo/subscriptions/s-ok",
          attributes: [.init(name: "only", value: "attrs")])
      ),
      (
        "emulator-deadletter-forwarded", true,
        PubSubMessage(
          messageID: "10", publishTime: Timestamp(rfc3339: "2026-11-23T14:23:46.543Z"),
          subscription: "projects/demo/subscriptions/d-dst",
          attributes: [
            .init(name: "CloudPubSubDeadLetterSourceSubscription", value: "d-src"),
            .init(name: "CloudPubSubDeadLetterSourceSubscriptionProject", value: "demo"), .init(name: "orig", value: "1"),
            .init(name: "CloudPubSubDeadLetterSourceDeliveryCount", value: "5"),
            .init(name: "CloudPubSubDeadLetterSourceTopicPublishTime", value: "2026-11-23T14:23:41.480Z"),
          ], data: Array("dead".utf8))
      ), ("emulator-nowrapper-attributes-only", false, PubSubMessage()),
      (
        "emulator-nowrapper-metadata", false,
        PubSubMessage(
          messageID: "5", publishTime: Timestamp(rfc3339: "2026-11-23T14:22:45.807Z"),
          subscription: "projects/demo/subscriptions/nw-meta", orderingKey: "ord-1", data: notification)
      ), ("emulator-nowrapper", false, PubSubMessage(data: notification)),
      (
        "emulator-wrapped-gar", true,
        PubSubMessage(
          messageID: "1", publishTime: Timestamp(rfc3339: "2026-11-23T14:20:05.042Z"),
          subscription: "projects/demo/subscriptions/s-ok",
          data: notification)
      ),
      (
        "emulator-wrapped-unicode-attrs", true,
        PubSubMessage(
          messageID: "2", publishTime: Timestamp(rfc3339: "2026-11-23T14:20:07.082Z"),
          subscription: "projects/demo/subscriptions/s-ok",
          attributes: [.init(name: "unicode", value: "žluť 😀 \"q\" / \\ "), .init(name: "k", value: "v")], data: notification)
      ),
    ])
  func handlesTheEmulator(file: String, isWrapped: Bool, message: PubSubMessage) throws {
    let (fields, body) = try Self.request(file)
    let envelope = try PushEnvelope(body: body, metadata: PushMetadata { fields[$0.rawValue] })
    #expect(envelope.isWrapped == isWrapped)
    #expect(envelope.message == message)
  }

  @Test func readsTheMetadataOfAnUnwrappedPush() throws {
    let fields = Self.fields(try SharedData.text("payloads/unwrapped-writemetadata.headers"))
    let body = try SharedData.bytes("payloads/unwrapped-gar-insert-tag.json")
    let envelope = try PushEnvelope(body: body, metadata: PushMetadata { fields[$0.rawValue] })
    #expect(
      envelope.message
        == PubSubMessage(
          messageID: "11900000000050001", publishTime: Timestamp(rfc3339: "2026-05-04T09:20:01.120Z"),
          subscription: "projects/acme-prod/subscriptions/rollout-hook", orderingKey: "web", data: body))
  }

  private static let notification = Array(
    #"{"action":"INSERT","digest":"us-docker.pkg.dev/demo/apps/web@sha256:6ec128e26cd5a3f8c5a1f5f0f2d2b7c8b4a7f6c3e2d1a0b9c8d7e6f5a4b3c2d1","tag":"us-docker.pkg.dev/demo/apps/web:prod"}"#
      .utf8)

  /// The fields, names in lower case, and the body of a recorded request.
  private static func request(_ file: String) throws -> ([String: String], body: [UInt8]) {
    let bytes = try SharedData.bytes("payloads/\(file).raw")
    let blank = Array("\r\n\r\n".utf8)
    let end = try #require(bytes.indices.first { bytes[$0...].starts(with: blank) })
    return (fields(String(decoding: bytes[..<end], as: UTF8.self)), Array(bytes[(end + blank.count)...]))
  }

  private static func fields(_ head: String) -> [String: String] {
    var fields: [String: String] = [:]
    for line in head.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { fields[parts[0].lowercased()] = String(parts[1].drop { $0 == " " }) }
    }
    return fields
  }
}
