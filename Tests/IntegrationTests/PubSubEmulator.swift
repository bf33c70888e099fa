import Foundation
import HTTP
import HTTPClient
import JSON
import TestSupport
import Transport

/// Google's Pub/Sub emulator. It pushes as Pub/Sub does, without tokens.
final class PubSubEmulator: Sendable {
  private static let folder = "/usr/lib/google-cloud-sdk/platform/pubsub-emulator/lib"

  /// The emulator's archive: `PUBSUB_EMULATOR_JAR`, or where the package google-cloud-cli-pubsub-emulator puts it.
  private static let archive: String? = {
    if let given = ProcessInfo.processInfo.environment["PUBSUB_EMULATOR_JAR"] { return given }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().last { $0.hasPrefix("cloud-pubsub-emulator-") && $0.hasSuffix("-all.jar") }.map { "\(folder)/\($0)" }
  }()

  private static let java: String? = ["/usr/bin/java", "/usr/local/bin/java"].first(where: FileManager.default.isExecutableFile)

  static var isPresent: Bool { archive != nil && java != nil }

  private let process: ChildProcess
  private let origin: Origin
  private let client: HTTPClient

  /// Starts the emulator and waits until it answers.
  init() async throws {
    guard let archive = Self.archive, let java = Self.java else { throw Unmet("no Pub/Sub emulator") }
    // It cannot be asked for a free port, so one is found and let go; another program may take it, and then it does not start.
    let port = try RawListener().port
    origin = Origin(isSecure: false, host: "127.0.0.1", port: port)
    process = try ChildProcess(
      java, ["-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar", archive, "--host=127.0.0.1", "--port=\(port)"])
    client = HTTPClient(HTTPClient.Configuration(), on: try Loop(name: "test.emulator"))
    try await eventually("the emulator answers") {
      do {
        let response = try await client.send(ClientRequest(.get, origin, "/"), deadline: .seconds(5))
        return response.status == .ok ? .met(()) : .saw("\(response.status)")
      } catch { return .saw("\(error)") }
    }
  }

  deinit { client.shutDown() }

  func stop() async {
    process.signal(SIGTERM)
    _ = await process.end()
  }

  /// Calls the emulator's REST interface in a project of its own.
  func call(_ method: HTTPMethod, _ path: String, _ body: JSONValue) async throws {
    let request = ClientRequest(
      method, origin, "/v1/projects/demo/\(path)", fields: HTTPFields([(.contentType, "application/json")]),
      content: body.serialized())
    let response = try await client.send(request, deadline: .seconds(20))
    guard response.status.isSuccess else {
      throw Unmet("emulator: \(method) \(path): \(response.status) \(String(decoding: response.content, as: UTF8.self))")
    }
  }
}
