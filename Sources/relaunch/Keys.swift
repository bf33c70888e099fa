import ArgumentParser
import FoundationEssentials
import JOSE
import JSON
import OpenSSL

struct Keys: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make keys for development.", subcommands: [Generate.self])

  struct Generate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a signing key, and the JWK set that a source can be configured with.",
      discussion: """
        Writes DIR/relaunch-dev.key.pem, readable by you alone, for `relaunch push --key`, and DIR/relaunch-dev.jwks.json for \
        `keys: {file: …}`. Never configure such a key in production.
        """)

    @Option(help: "Where to write.")
    var out = "."

    @Option(help: "The key's id.")
    var keyID = "relaunch-dev"

    @Flag(help: "Replace files that are there.")
    var force = false

    func run() async throws {
      let keyPath = "\(out)/relaunch-dev.key.pem"
      let setPath = "\(out)/relaunch-dev.jwks.json"
      for path in [keyPath, setPath] where !force && FileManager.default.fileExists(atPath: path) {
        throw Terminal.failure("\(path) is there already; --force replaces it", .problemsFound)
      }
      do {
        let key = try SigningKey.generateRSA()
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        // Created with its mode, so that the key is never readable by others, not even for a moment.
        try? FileManager.default.removeItem(atPath: keyPath)
        guard
          FileManager.default.createFile(atPath: keyPath, contents: Data(try key.pem()), attributes: [.posixPermissions: 0o600])
        else { throw Terminal.failure("\(keyPath): cannot be written", .problemsFound) }
        try Data(try JWKSet.document(for: key.verificationKey, keyID: keyID).serialized(pretty: true)).write(
          to: URL(filePath: setPath))
      } catch let code as ExitCode {
        throw code
      } catch {
        throw Terminal.failure("\(out): \(error)", .problemsFound)
      }
      print("\(keyPath)\n\(setPath)")
    }
  }
}
