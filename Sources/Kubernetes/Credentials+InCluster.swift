import HTTPClient

extension Credentials {
  /// Where the kubelet mounts the service account of a pod.
  package static let serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

  /// The credentials of the pod we run in.
  ///
  /// - Returns: nil where `environment` names no API server, which is so outside a cluster.
  /// - Throws: where it does, and the service account is not mounted whole.
  package static func inCluster(
    environment: [String: String], files: FileSource = .disk
  ) throws(CredentialsError) -> Credentials? {
    guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty else { return nil }
    let portText = environment["KUBERNETES_SERVICE_PORT"] ?? "443"
    guard let port = UInt16(portText), port != 0 else {
      throw .field(
        file: "environment", field: "KUBERNETES_SERVICE_PORT", problem: "\(portText.debugDescription) is no port",
        fix: "the kubelet sets it to a number from 1 to 65535; leave it alone")
    }
    let token = serviceAccountDirectory + "/token"
    // Read once here, so that a pod without a service account says so when it starts and not at its first event.
    _ = try TokenCache.token(in: try files.read(token), file: token)
    let namespace = serviceAccountDirectory + "/namespace"
    let named = files.exists(namespace) ? String(decoding: try files.read(namespace), as: UTF8.self).trimmed : ""
    return Credentials(
      origin: Origin(isSecure: true, host: host, port: port),
      trust: try Kubeconfig.certificates(
        try files.read(serviceAccountDirectory + "/ca.crt"), file: serviceAccountDirectory + "/ca.crt", field: "content"),
      token: .file(path: token), namespace: named.isEmpty ? "default" : named)
  }
}

extension StringProtocol {
  /// The text without white space at either end.
  var trimmed: String {
    var text = Substring(self)
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
