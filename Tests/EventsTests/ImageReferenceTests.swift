import Events
import Testing

struct ImageReferenceTests {
  private static let hex = String(repeating: "0123456789abcdef", count: 4)

  @Test(
    "takes references apart",
    arguments: [
      ("us-docker.pkg.dev/p/r/web:1.1", "us-docker.pkg.dev", "p/r/web", "1.1", nil),
      ("us-docker.pkg.dev/p/r/web@sha256:\(hex)", "us-docker.pkg.dev", "p/r/web", nil, "sha256:\(hex)"),
      ("us-docker.pkg.dev/p/r/a/b/web:v1@sha256:\(hex)", "us-docker.pkg.dev", "p/r/a/b/web", "v1", "sha256:\(hex)"),
      ("localhost:5000/web", "localhost:5000", "web", nil, nil), ("localhost:5000/a/web:x", "localhost:5000", "a/web", "x", nil),
      ("nginx", "docker.io", "library/nginx", nil, nil), ("nginx:1.25", "docker.io", "library/nginx", "1.25", nil),
      ("bitnami/kubectl:latest", "docker.io", "bitnami/kubectl", "latest", nil),
      ("docker.io/nginx", "docker.io", "library/nginx", nil, nil), ("index.docker.io/a/b", "docker.io", "a/b", nil, nil),
      ("ghcr.io/acme/web", "ghcr.io", "acme/web", nil, nil),
    ] as [(String, String, String, String?, String?)])
  func takesApart(text: String, host: String, path: String, tag: String?, digest: String?) throws {
    let reference = try #require(ImageReference(text))
    #expect(reference == ImageReference(host: host, path: path, tag: tag, digest: digest))
    #expect(ImageReference(reference.description) == reference)
  }

  @Test(
    "knows where Google's registries keep project and repository",
    arguments: [
      ("us-docker.pkg.dev/p/r/web", "p", "r", "web"), ("us-docker.pkg.dev/p/r/a/web", "p", "r", "web"),
      ("us-docker.pkg.dev/example.com/p/r/web", "example.com:p", "r", "web"), ("gcr.io/p/web", "p", nil, "web"),
      ("eu.gcr.io/p/team/web", "p", nil, "web"), ("gcr.io/example.com/p/web", "example.com:p", nil, "web"),
      ("ghcr.io/acme/web", nil, nil, "web"), ("gcr.io/p", nil, nil, "p"), ("notgcr.io/p/web", nil, nil, "web"),
    ] as [(String, String?, String?, String)])
  func knowsGoogle(text: String, project: String?, repository: String?, name: String) throws {
    let reference = try #require(ImageReference(text))
    #expect((reference.project, reference.repository, reference.name) == (project, repository, name))
  }

  @Test(
    "refuses texts that name no image",
    arguments: [
      "", "/", "gcr.io/", "gcr.io//web", "gcr.io/p/web:", "gcr.io/p/web@", "gcr.io/p/web@sha256:", "gcr.io/p/web@sha256:xyz",
      "gcr.io/p/web:-x", "gcr.io/p/w eb", "gcr.io/p/web\n", "gcr.io/../web", "gcr.io/p/wéb", "gcr.io/p/web:a/b:", ":1",
      "@sha256:\(hex)",
      "gcr.io/p/web@sha256:\(hex)@sha256:\(hex)", "https://gcr.io/p/web", "gcr.io/" + String(repeating: "a", count: 1100),
    ])
  func refuses(text: String) {
    #expect(ImageReference(text) == nil)
  }
}
