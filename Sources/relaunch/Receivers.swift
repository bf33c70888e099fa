import Configuration
import HTTPClient
import Kubernetes
import Notifications
import OpenSSL
import Transport

/// Who is told of what happens, made of the settings.
enum Receivers {
  static func make(_ settings: Settings, _ proxies: ProxySettings, on loop: Loop) throws -> [Receiver] {
    guard !settings.notify.isEmpty || settings.forward != nil else { return [] }
    var configuration = HTTPClient.Configuration(tls: try TLSContext.client(applicationProtocols: ["h2", "http/1.1"]))
    configuration.proxies = proxies
    let client = HTTPClient(configuration, on: loop)
    var receivers = try settings.notify.map { notifier in
      Receiver(
        name: notifier.name, kinds: Set(notifier.kinds.compactMap { Notice.Kind(rawValue: $0.rawValue) }),
        format: notifier.format == .slack ? .slack : .json,
        destination: try destination(notifier.address, "notify: \(notifier.name)", headersFile: notifier.headersFile),
        sender: client,
        deadline: notifier.deadline)
    }
    if let forward = settings.forward {
      receivers.append(
        Receiver(
          name: ForwardSettings.name, kinds: [.dead], format: .pubSub,
          destination: try destination(forward.address, "deadLetters.forward", tokenFile: forward.tokenFile), sender: client,
          deadline: forward.deadline))
    }
    return receivers
  }

  private static func destination(
    _ address: DeliveryAddress, _ place: String, headersFile: String? = nil, tokenFile: String? = nil
  ) throws -> Destination {
    do throws(DestinationError) {
      let address: Destination.Address =
        switch address {
        case .url(let url): .url(url.revealed)
        case .file(let path): .file(path)
        }
      return try Destination(address, headersFile: headersFile, tokenFile: tokenFile)
    } catch {
      throw WiringError("\(place): url: \(error)")
    }
  }
}
