import Glibc
import HTTP
import HTTPClient
import JSON
import OpenSSL
import Transport

/// The built server, listening on free ports of the loopback interface.
final class RunningServer: Sendable {
  let site: Site
  let process: ChildProcess
  let push: Origin
  let ops: Origin
  let admin: Origin
  private let client: HTTPClient

  private init(_ site: Site, _ process: ChildProcess, _ origins: [Origin], _ tls: TLSContext?) throws {
    self.site = site
    self.process = process
    push = origins[0]
    ops = origins[1]
    admin = origins[2]
    client = HTTPClient(HTTPClient.Configuration(tls: tls), on: try Loop(name: "test.client"))
  }

  deinit { client.shutDown() }

  /// Starts the server on `site` and waits until it listens and is ready.
  /// - Parameter tls: how requests speak with listeners that have TLS.
  /// - Throws: `Unmet` with what the server said where it does not come up.
  static func start(
    _ site: Site, environment: [String: String] = [:], descriptors: Int? = nil, tls: TLSContext? = nil
  ) async throws -> RunningServer {
    let process = try launch(site, environment: environment, descriptors: descriptors)
    var origins: [Origin] = []
    for name in ["push", "ops", "admin"] {
      let prefix = "listening \(name) "
      guard let line = await process.output.first(where: { $0.hasPrefix(prefix) }),
        let origin = Origin.parse(url: String(line.dropFirst(prefix.count)))?.origin
      else { throw Unmet("the \(name) listener did not come up: \(process.output.text) \(process.errors.text)") }
      origins.append(origin)
    }
    let server = try RunningServer(site, process, origins, tls)
    try await eventually("the server is ready") {
      let answer = try await server.send(.get, server.ops, "/readyz")
      return answer.status == .ok ? .met(()) : .saw(String(decoding: answer.content, as: UTF8.self))
    }
    return server
  }

  /// Starts the server without waiting. It finds no cluster by accident: its home is the site.
  /// - Parameter descriptors: how many files and sockets it may have open; nil for as many as we may.
  static func launch(_ site: Site, environment: [String: String] = [:], descriptors: Int? = nil) throws -> ChildProcess {
    let command = [try RelaunchBinary.require(), "serve", "--config", site.configurationFile]
    let limited = descriptors.map { ["-c", "ulimit -n \($0); exec \"$@\"", "sh"] + command }
    return try ChildProcess(
      limited == nil ? command[0] : "/bin/sh", limited ?? Array(command.dropFirst()),
      environment: ["HOME": site.path].merging(environment) { $1 }, directory: site.path)
  }

  /// Ends the server with a signal and waits.
  /// - Returns: the exit code, or minus the number of the signal.
  @discardableResult func stop(_ number: Int32 = SIGTERM) async -> Int32 {
    process.signal(number)
    return await process.end()
  }

  // MARK: Requests

  func send(
    _ method: HTTPMethod, _ origin: Origin, _ target: String, _ fields: [(name: FieldName, value: String)] = [],
    content: [UInt8] = []
  ) async throws -> ClientResponse {
    let request = ClientRequest(
      method, origin, target, fields: HTTPFields(fields), content: content, responseBytesLimit: 64 << 20)
    return try await client.send(request, deadline: .seconds(30))
  }

  /// Pushes `content` as Pub/Sub would. With nil for `token`, without one.
  func push(
    content: [UInt8], token: String?, fields: [(name: FieldName, value: String)] = [], path: String = "/push/gar"
  ) async throws -> ClientResponse {
    let authorization = token.map { [(name: FieldName.authorization, value: "Bearer \($0)")] } ?? []
    return try await send(.post, push, path, [(.contentType, "application/json")] + fields + authorization, content: content)
  }

  /// Pushes `message` with a token that is accepted.
  @discardableResult func push(_ message: PushMessage) async throws -> HTTPStatus {
    try await push(content: message.body, token: try site.token()).status
  }

  /// Asks the admin listener.
  func ask(_ path: String, _ method: HTTPMethod = .get) async throws -> (status: HTTPStatus, json: JSONValue) {
    let response = try await send(method, admin, path, [(.accept, "application/json")])
    return (response.status, (try? JSONValue(parsing: response.content)) ?? .null)
  }

  /// Waits until the event is finished.
  /// - Returns: its story.
  func story(_ id: String, looks: Int = 400) async throws -> JSONValue {
    try await eventually("event \(id) is finished", looks: looks) {
      let (status, json) = try await ask("/events/\(id)")
      let outcome = json["outcome"]?.string
      return status == .ok && outcome != "running" && outcome != nil ? .met(json) : .saw("\(status) \(json.text())")
    }
  }

  /// Pushes `message` and waits for the end of its event.
  func pushed(_ message: PushMessage, looks: Int = 400) async throws -> JSONValue {
    let status = try await push(message)
    guard status == .noContent else { throw Unmet("message \(message.id) was answered \(status)") }
    return try await story(message.id, looks: looks)
  }

  /// The open dead letters, newest first.
  func deadLetters() async throws -> [JSONValue] { try await all("deadLetters", from: "/deadletters?limit=1000") }

  /// All events, newest first.
  func events() async throws -> [JSONValue] { try await all("events", from: "/events?limit=1000") }

  /// What a list holds, page after page.
  private func all(_ member: String, from path: String) async throws -> [JSONValue] {
    var all: [JSONValue] = []
    var next: String? = path
    while let path = next {
      let page = try await ask(path).json
      all += page[member]?.array ?? []
      next = page["next"]?.string
    }
    return all
  }
}
