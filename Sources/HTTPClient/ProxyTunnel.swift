import HTTP

/// The request for a tunnel to an origin, and the proxy's answer: CONNECT, RFC 9110 section 9.3.6.
struct ProxyTunnel {
  private let proxy: Proxy
  /// Host and port, both always: the proxy knows no scheme to take a port from.
  private let target: String
  private var decoder = HTTP1ResponseDecoder()

  init(to origin: Origin, through proxy: Proxy) {
    self.proxy = proxy
    target = "\(origin.host.contains(":") ? "[\(origin.host)]" : origin.host):\(origin.port)"
    // A success has no content whatever its fields say, like an answer to HEAD; that of a refusal is not read.
    decoder.expectResponse(to: .head, contentBytesLimit: 0)
  }

  var request: [UInt8] {
    var fields = HTTPFields([(.userAgent, "relaunch")])
    if let authorization = proxy.authorization { fields.append("proxy-authorization", authorization) }
    var bytes: [UInt8] = []
    HTTP1Writer.write(.other("CONNECT"), target: target, authority: target, fields: fields, content: [], to: &bytes)
    return bytes
  }

  /// - Returns: whether the tunnel stands; false while its answer has not come whole.
  mutating func receive(_ bytes: Span<UInt8>) throws(ProxyRefusal) -> Bool {
    decoder.receive(bytes)
    let step: HTTP1ResponseDecoder.Step
    do throws(HTTP1Error) { step = try decoder.next() } catch { throw refusal("the answer is not HTTP (\(error))", Self.place) }
    guard case .response(let response, _) = step else { return false }
    guard !response.status.isSuccess else { return true }
    throw refusal("HTTP \(response.status)", advice(response.status))
  }

  /// What to say where the connection ends before the answer.
  func refusal(_ problem: String, _ advice: String = ProxyTunnel.place) -> ProxyRefusal {
    ProxyRefusal(description: "proxy \(proxy): CONNECT \(target): \(problem); \(advice)")
  }

  private static let place = "check that an HTTP proxy is there"

  private func advice(_ status: HTTPStatus) -> String {
    switch status.rawValue {
    case 407 where proxy.authorization == nil: "it wants credentials, which go into its URL, http://USER:PASSWORD@HOST:PORT"
    case 407: "check the user and the password in its URL"
    case 400..<500: "check that it allows this host and port, or name the host in NO_PROXY"
    default: "check that it can reach this host"
    }
  }
}

/// Why there is no tunnel: the proxy, what it said, and what to check.
struct ProxyRefusal: Error {
  let description: String
}
