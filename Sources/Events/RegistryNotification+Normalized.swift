import Clocks
package import JSON

extension RegistryNotification {
  /// The notification as the seed's `$.` paths see it: what the registry sent, taken apart.
  ///
  /// `action`, `host`, `project`, `repository`, `image` (`host/…/name`), `name`, `path`, `tag` and `digest` (bare), `reference` and
  /// `digestReference` (as sent), `attributes`, `messageId`, `publishTime`, `subscription`. What is not known has no member.
  package func normalized(_ message: PubSubMessage) -> JSONObject {
    var object = JSONObject()
    func set(_ name: String, _ text: String?) { if let text { object[name] = .string(text) } }
    set("action", action?.text)
    set("host", image?.host)
    set("project", image?.project)
    set("repository", image?.repository)
    set("image", image?.image)
    set("name", image?.name)
    set("path", image?.path)
    set("tag", image?.tag)
    set("digest", image?.digest)
    set("reference", tagReference)
    set("digestReference", digestReference)
    object["attributes"] = .object(JSONObject(message.attributes.map { (name: $0.name, value: .string($0.value)) }))
    set("messageId", message.messageID)
    set("publishTime", message.publishTime?.rfc3339)
    set("subscription", message.subscription)
    return object
  }
}
