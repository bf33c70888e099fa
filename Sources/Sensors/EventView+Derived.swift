import Clocks
import Events
import JSON

/// What `$.` paths of the seed dialect see.
extension EventView {
  /// `$.tag` and `$.digest` of a registry's notification: the short form, then the text of the message where that is longer.
  ///
  /// nil for other names, and where the message names no image: then its own members are all there is.
  func forms(of name: String) -> [JSONValue]? {
    switch name {
    case "tag": forms(notification?.image?.tag, notification?.tagReference)
    case "digest": forms(notification?.image?.digest, notification?.digestReference)
    default: nil
    }
  }

  private func forms(_ short: String?, _ full: String?) -> [JSONValue]? {
    guard let short else { return nil }
    guard let full, full != short else { return [.string(short)] }
    return [.string(short), .string(full)]
  }

  /// A member of the message, an attribute, or something known from the notification, in this order.
  func derivedValue(_ name: String, _ path: JSONPath) -> JSONValue? {
    if case .json(let value) = body, let found = path.value(in: value) { return found }
    if let text = attribute(name) { return .string(text) }
    return known(name).map { .string($0) }
  }

  /// What the notification says beside the members it has. One text at a time: making them all would cost more than a whole
  /// evaluation.
  private func known(_ name: String) -> String? {
    switch name {
    case "messageId": message.messageID
    case "publishTime": message.publishTime?.rfc3339
    case "subscription": message.subscription
    case "host": notification?.image?.host
    case "project": notification?.image?.project
    case "repository": notification?.image?.repository
    case "image": notification?.image?.image
    case "name": notification?.image?.name
    case "path": notification?.image?.path
    case "reference": notification?.tagReference
    case "digestReference": notification?.digestReference
    default: name.hasPrefix("attributes.") ? attribute(String(name.dropFirst(11))) : nil
    }
  }

  private func attribute(_ name: String) -> String? { message.attributes.first { $0.name == name }?.value }

  /// What to do when no workload is known for the event's image.
  var missingWorkload: String {
    guard let image = notification?.image else {
      return
        "the message names no image and has no serviceName, so there is no workload to restart; publish a serviceName with it"
    }
    let reference = image.image + (image.tag.map { ":" + $0 } ?? image.digest.map { "@" + $0 } ?? "")
    return "no workload is known for the image \(reference.quoted(limit: 200)); add its key \(image.name.quoted(limit: 80)) "
      + "with deploymentName and namespace to the mapping"
  }
}
