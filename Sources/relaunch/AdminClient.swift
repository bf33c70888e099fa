import ArgumentParser
import FoundationEssentials
import HTTP
import HTTPClient
import OpenSSL
import Transport

/// The options with which commands find a running server, and the calls they make there.
struct AdminClient: ParsableArguments {
  @Option(help: "The admin listener of the running server.")
  var server = "http://127.0.0.1:8081"

  @Option(help: "A file with the admin listener's bearer token.")
  var tokenFile: String?

  @Flag(help: "Print JSON instead of text.")
  var json = false

  /// Calls the server and prints its answer.
  /// - Parameter pages: whether to ask on where the answer says that there is more.
  /// - Throws: `ExitCode`, after saying why, where the answer is not a success.
  func show(_ method: HTTPMethod, _ path: String, pages: Bool = false) async throws {
    var next: String? = path
    while let path = next {
      let response = try await call(method, path)
      let text = String(decoding: response.content, as: UTF8.self)
      guard response.status.isSuccess else {
        throw Terminal.failure("\(server) answered \(response.status): \(text.trimming { $0.isNewline })", .problemsFound)
      }
      print(text, terminator: "")
      next = pages ? response.fields[.link].flatMap(Self.next) : nil
    }
  }

  /// The path in a field `Link: </deadletters?before=7>; rel="next"`.
  private static func next(_ link: String) -> String? {
    guard link.hasPrefix("</"), let end = link.firstIndex(of: ">"), link[end...].contains("rel=\"next\"") else { return nil }
    return String(link[link.index(after: link.startIndex)..<end])
  }

  private func call(_ method: HTTPMethod, _ path: String) async throws -> ClientResponse {
    guard let (origin, target) = Origin.parse(url: server) else {
      throw Terminal.failure("--server \(server): not an http or https URL", .unusableConfiguration)
    }
    var fields = HTTPFields([(.accept, json ? "application/json" : "text/plain")])
    if let tokenFile {
      guard let data = FileManager.default.contents(atPath: tokenFile) else {
        throw Terminal.failure("--token-file \(tokenFile): cannot be read", .unusableConfiguration)
      }
      let token = String(decoding: data, as: UTF8.self).filter { !$0.isWhitespace }
      fields.append(.authorization, "Bearer \(token)")
    }
    let prefix = target == "/" ? "" : target
    do {
      let client = try CommandClient.make(for: origin)
      return try await client.send(ClientRequest(method, origin, prefix + path, fields: fields), deadline: .seconds(30))
    } catch {
      throw Terminal.failure("\(error); is the server running? --server names its admin listener", .problemsFound)
    }
  }
}

/// An HTTP client for one command.
enum CommandClient {
  static func make(for origin: Origin) throws -> HTTPClient {
    HTTPClient(HTTPClient.Configuration(tls: origin.isSecure ? try TLSContext.client() : nil), on: try Loop(name: "command"))
  }
}
