import Clocks
import Foundation
import TestSupport

/// A directory with all that one server needs: its configuration, rules, mapping, keys and, once it has run, its log. A server
/// that is started again on the same site is the same server.
struct Site: Sendable {
  /// The parts of the configuration file that tests vary, each as YAML.
  struct Configuration: Sendable {
    static let authenticated = """
      gar:
          authentication:
            issuer: https://accounts.google.com
            audience: https://hooks.example.com/push/gar
            email: push@acme.iam.gserviceaccount.com
            keys: {file: keys.json}
      """
    static let open = "gar: {authentication: none}"

    var push = "{address: 127.0.0.1, port: 0}"
    var ops = "{address: 127.0.0.1, port: 0}"
    var admin = "{address: 127.0.0.1, port: 0}"
    var stop = "{lameDuck: 0s}"
    var sources = Self.authenticated
    /// Further settings, one a line.
    var more = "dryRun: true"

    var text: String {
      """
      state: state
      rules: rules
      mapping: mapping
      listeners:
        push: \(push)
        ops: \(ops)
        admin: \(admin)
      sources:
        \(sources)
      stop: \(stop)
      \(more)

      """
    }
  }

  let directory: TemporaryDirectory
  /// Mints the tokens that the site's source accepts.
  let mint: TokenMint

  /// One key for all sites: making one takes longer than most tests.
  private static let mint = Result { try TokenMint() }

  /// Writes the site. Rules and mapping are the seed's.
  init(_ configuration: Configuration = Configuration()) throws {
    directory = try TemporaryDirectory()
    mint = try Self.mint.get()
    try configure(configuration)
    try directory.write(String(decoding: mint.keySetDocument, as: UTF8.self), to: "keys.json")
    for document in SeedDocuments.rules { try directory.write(document.text, to: "rules/\(document.name)") }
    for document in SeedDocuments.mapping { try directory.write(document.text, to: "mapping/\(document.name)") }
  }

  var path: String { directory.path }
  var configurationFile: String { "\(path)/relaunch.yaml" }

  func configure(_ configuration: Configuration) throws { try directory.write(configuration.text, to: "relaunch.yaml") }

  /// Maps an image, by the last part of its name, to a Deployment.
  func map(_ image: String, to deployment: String, namespace: String = "default") throws {
    try directory.write(
      """
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: mapping-of-\(image)
      data:
        \(image): |
          deploymentName: \(deployment)
          namespace: \(namespace)

      """, to: "mapping/\(image).yaml")
  }

  /// A token that the source accepts.
  func token() throws -> String { String(decoding: try mint.token(now: SystemWallClock().now()), as: UTF8.self) }
}
