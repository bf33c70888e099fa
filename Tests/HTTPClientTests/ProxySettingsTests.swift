import HTTPClient
import Testing

struct ProxySettingsTests {
  private static func origin(_ url: String) throws -> Origin { try #require(Origin.parse(url: url)).origin }

  @Test(
    arguments: [
      (["https_proxy": "http://p"], "https://a.test", "http://p:80"),
      (["https_proxy": "p:3128"], "https://a.test", "http://p:3128"),
      (["https_proxy": "HTTP://p:3128/"], "https://a.test", "http://p:3128"),
      (["https_proxy": "http://[::1]:3128"], "https://a.test", "http://[::1]:3128"),
      (["HTTPS_PROXY": "http://user:secret@p"], "https://a.test", "http://p:80"),
      (["HTTPS_PROXY": "http://upper", "https_proxy": "http://lower"], "https://a.test", "http://lower:80"),
      (["HTTPS_PROXY": "http://upper", "https_proxy": ""], "https://a.test", "http://upper:80"),
      (["HTTPS_PROXY": "http://p", "http_proxy": "http://q"], "http://a.test", "http://q:80"),
      (["HTTPS_PROXY": "http://p"], "http://a.test", nil), (["http_proxy": "http://p"], "https://a.test", nil),
      // A field of a request to a CGI program would set it.
      (["HTTP_PROXY": "http://p"], "http://a.test", nil), ([:], "https://a.test", nil),
      (["https_proxy": "http://p", "NO_PROXY": "a.test"], "https://a.test", nil),
      (["https_proxy": "http://p", "NO_PROXY": "a.test", "no_proxy": "b.test"], "https://a.test", "http://p:80"),
      (["https_proxy": "http://p"], "https://localhost:6443", nil), (["https_proxy": "http://p"], "https://127.1.2.3", nil),
      (["https_proxy": "http://p"], "https://[::1]:6443", nil),
      (["https_proxy": "http://p"], "https://localhost.example.com", "http://p:80"),
    ] as [([String: String], String, String?)])
  func choosesTheProxy(_ environment: [String: String], _ url: String, _ proxy: String?) throws {
    #expect(try ProxySettings(environment: environment).proxy(for: try Self.origin(url))?.description == proxy)
  }

  /// The examples of Go's golang.org/x/net/http/httpproxy, and what its documentation says.
  @Test(arguments: [
    ("example.com", "https://example.com", true), ("example.com", "https://www.example.com", true),
    ("example.com", "https://notexample.com", false), ("EXAMPLE.com", "https://Example.COM", true),
    (".example.com", "https://www.example.com", true), (".example.com", "https://example.com", false),
    ("*.example.com", "https://www.example.com", true), ("*.example.com", "https://example.com", false),
    ("example.com:8443", "https://example.com:8443", true), ("example.com:8443", "https://example.com", false),
    ("example.com:443", "https://example.com", true), (".example.com:8443", "https://a.example.com:8443", true),
    ("*", "https://example.com", true), ("*", "https://10.0.0.1", true), ("a.test,*", "https://example.com", true),
    ("10.0.0.1", "https://10.0.0.1", true), ("10.0.0.1", "https://10.0.0.2", false),
    ("10.0.0.1:6443", "https://10.0.0.1:6443", true), ("10.0.0.1:6443", "https://10.0.0.1", false),
    ("10.0.0.0/8", "https://10.255.0.1", true), ("10.0.0.0/8", "https://11.0.0.1", false),
    ("10.96.0.0/12", "https://10.111.0.1", true), ("10.96.0.0/12", "https://10.112.0.1", false),
    ("0.0.0.0/0", "https://10.0.0.1", true), ("0.0.0.0/0", "https://[fd00::1]", false),
    ("10.0.0.0/33", "https://10.0.0.1", false), ("10.0.0.0/8", "https://10.example.com", false),
    ("fd00::/8", "https://[fd12::1]", true), ("fd00::/8", "https://[fe80::1]", false),
    ("fd00::1", "https://[fd00:0:0::1]:6443", true), ("[fd00::1]:6443", "https://[fd00::1]:6443", true),
    ("[fd00::1]:6443", "https://[fd00::1]", false), ("::ffff:10.0.0.1", "https://10.0.0.1", true),
    (" a.test , b.test ", "https://b.test", true), ("a.test,,:80,", "https://b.test", false), ("", "https://a.test", false),
  ])
  func exceptionsFollowTheRulesOfGo(_ list: String, _ url: String, _ isException: Bool) throws {
    let settings = try ProxySettings(environment: ["https_proxy": "http://p", "no_proxy": list])
    #expect((settings.proxy(for: try Self.origin(url)) == nil) == isException)
  }

  @Test func aProxyForEverythingHasNoExceptions() throws {
    let settings = ProxySettings.always(try Proxy(url: "http://p"))
    #expect(settings.proxy(for: try Self.origin("https://localhost"))?.description == "http://p:80")
    #expect(ProxySettings().proxy(for: try Self.origin("https://a.test")) == nil)
  }

  @Test(arguments: [
    ("socks5://user:secret@p:1080", "names a proxy of the kind socks5, and only http is supported"),
    ("https://p", "names a proxy of the kind https, and only http is supported"),
    ("http://", "is not the URL of a proxy"), ("http://p:0", "is not the URL of a proxy"),
    ("http://p:99999", "is not the URL of a proxy"), ("http://user:secret@", "is not the URL of a proxy"),
    ("user:secret@p:port", "is not the URL of a proxy"),
  ])
  func refusesWhatIsNoProxyWithoutItsPassword(_ url: String, _ problem: String) {
    let error = #expect(throws: ProxySettingsError.self) { try ProxySettings(environment: ["HTTPS_PROXY": url]) }
    #expect(
      error?.description
        == "environment variable HTTPS_PROXY \(problem); write http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT with special "
        + "characters percent-encoded, or unset it")
  }
}
