import HTTPClient
import JSON
import Kubernetes
import Testing

@Suite struct CredentialsTests {
  private static let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
  // base64 of "-----BEGIN CERTIFICATE-----\n" and of "KEY".
  private static let pemData = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="
  private static let account = Credentials.serviceAccountDirectory

  private static func kubeconfig(
    cluster: String = "server: https://api.example:6443", user: String = "token: abc", context: String = ""
  )
    -> String
  {
    """
    apiVersion: v1
    kind: Config
    clusters: [{name: c, cluster: {\(cluster)}}]
    users: [{name: u, user: {\(user)}}]
    contexts: [{name: x, context: {cluster: c, user: u\(context)}}, {name: other, context: {cluster: gone, user: u}}]
    current-context: x
    """
  }

  private static func load(_ text: String, context: String? = nil, files: [String: String] = [:]) throws(CredentialsError)
    -> Credentials
  {
    let all = Files(files.merging(["/home/me/.kube/config": text]) { $1 })
    return try Credentials.load(kubeconfig: "/home/me/.kube/config", context: context, environment: [:], files: all.source)
  }

  @Test func aPlainKubeconfigGivesServerAndToken() throws {
    let text = Self.kubeconfig(cluster: "server: https://API.example/k8s/c1/", context: ", namespace: apps")
    #expect(
      try Self.load(text)
        == Credentials(
          origin: Origin(isSecure: true, host: "api.example", port: 443), pathPrefix: "/k8s/c1",
          token: .fixed(Secret(Array("abc".utf8))),
          namespace: "apps"))
  }

  @Test func filesAreRelativeToTheKubeconfigAndDataComesFirst() throws {
    let text = Self.kubeconfig(
      cluster:
        "server: 'https://10.0.0.1:6443', certificate-authority: pki/ca.crt, tls-server-name: kubernetes, proxy-url: 'http://p:3128'",
      user:
        "client-certificate-data: \(Self.pemData), client-certificate: nowhere, client-key: /abs/key, tokenFile: t, token: unused"
    )
    let files = ["/home/me/.kube/pki/ca.crt": Self.pem, "/abs/key": "KEY", "/home/me/.kube/t": "tok\n"]
    #expect(
      try Self.load(text, files: files)
        == Credentials(
          origin: Origin(isSecure: true, host: "10.0.0.1", port: 6443), trust: Array(Self.pem.utf8), serverName: "kubernetes",
          proxy: try Proxy(url: "http://p:3128"),
          clientCertificate: ClientCertificate(
            certificate: Array("-----BEGIN CERTIFICATE-----\n".utf8), key: Secret(Array("KEY".utf8))),
          token: .file(path: "/home/me/.kube/t")))
  }

  @Test(
    arguments: [
      (
        kubeconfig(cluster: "server: 'https://a', insecure-skip-tls-verify: true"),
        #"cluster "c": insecure-skip-tls-verify: would hand"#
      ),
      (
        kubeconfig(cluster: "server: 'https://a', proxy-url: 'socks5://u:secret@p:1080'"),
        #"cluster "c": proxy-url: names a proxy of the kind socks5, and only http is supported; write http://HOST:PORT"#
      ),
      (kubeconfig(cluster: "server: 'http://api.example'"), #"cluster "c": server: is plain http"#),
      (kubeconfig(cluster: "server: api.example"), #"cluster "c": server: "api.example" is not a URL"#),
      (kubeconfig(cluster: "x: y"), #"cluster "c": server: is missing"#),
      (
        kubeconfig(cluster: "server: 'https://a', certificate-authority-data: '%%'"),
        #"certificate-authority-data: is not base64"#
      ),
      (
        kubeconfig(cluster: "server: 'https://a', certificate-authority-data: QUJD"), #"certificate-authority-data: holds no PEM"#
      ),
      (
        kubeconfig(cluster: "server: 'https://a', certificate-authority: ca.crt"),
        "/home/me/.kube/ca.crt: cannot be read: there is no"
      ),
      (kubeconfig(user: "exec: {command: gke-gcloud-auth-plugin}"), #"user "u": exec: asks us to run a program"#),
      (kubeconfig(user: "auth-provider: {name: gcp}"), #"user "u": auth-provider: asks us"#),
      (kubeconfig(user: "username: a, password: b"), #"user "u": username: is basic authentication"#),
      (kubeconfig(user: "client-certificate-data: \(pemData)"), #"user "u": client-key: is missing"#),
      (kubeconfig(user: #"token: "a\nb""#), #"user "u": token: holds a character"#),
      ("current-context: nope", #"contexts: has no "nope""#), ("clusters: []", "current-context: is not set"),
      ("a: [", "write it as kubectl does"), ("just text", "is no kubeconfig"), ("", "is no kubeconfig"),
    ])
  func whatCannotBeUsedIsNamedWithItsFileAndField(_ text: String, _ expected: String) {
    #expect { try Self.load(text) } throws: { error in
      let sentence = "\(error)"
      return sentence.hasPrefix("/home/me/.kube/") && sentence.contains(expected)
    }
  }

  @Test func aContextThatNamesNoClusterSaysWhichThereAre() {
    #expect { try Self.load(Self.kubeconfig(), context: "other") } throws: {
      "\($0)" == #"/home/me/.kube/config: clusters: has no "gone", which context "other" names; it has "c""#
    }
  }

  @Test func plainHTTPIsForLoopbackOnly() throws {
    #expect(try Self.load(Self.kubeconfig(cluster: "server: 'http://127.0.0.1:8001'")).origin.isSecure == false)
    #expect(throws: CredentialsError.self) { try Self.load(Self.kubeconfig(cluster: "server: 'http://127.evil.example'")) }
  }

  @Test func insideAClusterTheServiceAccountSpeaks() throws {
    let files = Files([Self.account + "/token": "tok", Self.account + "/ca.crt": Self.pem, Self.account + "/namespace": "apps\n"])
    let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443", "KUBECONFIG": "/ignored"]
    #expect(
      try Credentials.load(kubeconfig: nil, environment: environment, files: files.source)
        == Credentials(
          origin: Origin(isSecure: true, host: "fd00::1", port: 6443), trust: Array(Self.pem.utf8),
          token: .file(path: Self.account + "/token"), namespace: "apps"))
    files.write(Self.account + "/token", nil)
    #expect(throws: CredentialsError.unreadable(file: Self.account + "/token", reason: "there is no such file")) {
      try Credentials.load(kubeconfig: nil, environment: environment, files: files.source)
    }
  }

  @Test func kubeconfigListsAreSearchedInOrderAndMissingFilesSkipped() throws {
    let files = Files([
      "/a": "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]",
      "/dir/b": Self.kubeconfig(cluster: "server: 'https://b', certificate-authority: ca"), "/dir/ca": Self.pem,
    ])
    let credentials = try Credentials.load(
      kubeconfig: nil, environment: ["KUBECONFIG": "/missing:/a:/dir/b"], files: files.source)
    #expect(credentials.origin.host == "b")
    #expect(credentials.trust == Array(Self.pem.utf8))
    #expect(credentials.token == .none)
  }

  @Test func withoutAnyCredentialsTheErrorSaysWhatWasTried() {
    #expect(
      throws: CredentialsError.nowhere(tried: ["the environment variable KUBERNETES_SERVICE_HOST", "/home/me/.kube/config"])
    ) {
      try Credentials.load(kubeconfig: nil, environment: ["HOME": "/home/me"], files: Files([:]).source)
    }
  }
}
