/// Which origins are reached through which proxy. A value that is read once: nothing is looked up while it is asked.
package struct ProxySettings: Hashable, Sendable {
  private var https: Proxy?
  private var http: Proxy?
  /// nil: no exceptions, not even for this machine.
  private var exceptions: NoProxyList? = NoProxyList()

  /// No proxies.
  package init() {}

  /// The proxies that `environment` names.
  ///
  /// `https_proxy` is for https origins, `http_proxy` for http ones, `no_proxy` lists exceptions; the names in upper case count where those in
  /// lower case are missing or empty. But for `HTTP_PROXY`: behind a web server's CGI whoever sends a field `Proxy` sets it ("httpoxy").
  package init(environment: [String: String]) throws(ProxySettingsError) {
    https = try Self.proxy("https_proxy", "HTTPS_PROXY", environment)
    http = try Self.proxy("http_proxy", nil, environment)
    exceptions = NoProxyList(Self.first(["no_proxy", "NO_PROXY"], environment)?.value ?? "")
  }

  /// All origins through `proxy`, as kubeconfig's `proxy-url` has it.
  package static func always(_ proxy: Proxy) -> ProxySettings {
    var settings = ProxySettings()
    settings.https = proxy
    settings.http = proxy
    settings.exceptions = nil
    return settings
  }

  /// The proxy to reach `origin` through; nil to reach it directly, as this machine always is unless the proxy has no exceptions.
  package func proxy(for origin: Origin) -> Proxy? {
    guard let proxy = origin.isSecure ? https : http else { return nil }
    guard let exceptions else { return proxy }
    if origin.host == "localhost" || IPAddress(origin.host)?.isLoopback == true { return nil }
    return exceptions.contains(origin.host, port: origin.port) ? nil : proxy
  }

  private static func proxy(
    _ lower: String, _ upper: String?, _ environment: [String: String]
  ) throws(ProxySettingsError) -> Proxy? {
    guard let (name, value) = first([lower, upper].compactMap(\.self), environment) else { return nil }
    do throws(ProxyError) { return try Proxy(url: value) } catch { throw ProxySettingsError(variable: name, fault: error) }
  }

  private static func first(_ names: [String], _ environment: [String: String]) -> (name: String, value: String)? {
    for name in names { if let value = environment[name], !value.isEmpty { return (name, value) } }
    return nil
  }
}

/// A variable of the environment that names no proxy we can use.
package struct ProxySettingsError: Error, Hashable, Sendable, CustomStringConvertible {
  package let variable: String
  package let fault: ProxyError

  package var description: String { "environment variable \(variable) \(fault); \(ProxyError.advice), or unset it" }
}
