import HTTP
import HTTPClient
import JSON

extension FakeAPIServer {
  /// The objects, and what is to happen to requests for them.
  struct State {
    var objects: [String: JSONValue] = [:]
    var log: [Entry] = []
    var script: [HTTPMethod: [Step]] = [:]
    var tokens: Set<String>?
    private var version = 100
  }
}

extension FakeAPIServer.State {
  mutating func handle(_ request: ClientRequest) -> Result<ClientResponse, HTTPClientError> {
    log.append(
      FakeAPIServer.Entry(
        method: request.method, target: request.target, contentType: request.fields[.contentType],
        authorization: request.fields[.authorization], content: try? JSONValue(parsing: request.content)))
    let path = String(request.target.prefix { $0 != "?" })
    let step: FakeAPIServer.Step
    if var steps = script[request.method], !steps.isEmpty {
      step = steps.removeFirst()
      script[request.method] = steps
    } else {
      step = .proceed
    }
    switch step {
    case .proceed: return .success(respond(request, path))
    case .refuse(let code, let reason, let message, let retryAfter):
      return .success(Self.status(code, reason, message, retryAfter: retryAfter))
    case .answer(let code, let content):
      return .success(ClientResponse(status: HTTPStatus(rawValue: code), content: Array(content.utf8)))
    case .fail(let error): return .failure(error)
    case .lose(let error):
      _ = respond(request, path)
      return .failure(error)
    case .change(let body):
      change(path, body)
      return .success(respond(request, path))
    case .ignore: return .success(found(path))
    }
  }

  private mutating func respond(_ request: ClientRequest, _ path: String) -> ClientResponse {
    if let tokens {
      let token = request.fields[.authorization].map { $0.replacing("Bearer ", with: "") }
      guard let token, tokens.contains(token) else { return Self.status(401, "Unauthorized", "Unauthorized") }
    }
    guard let live = objects[path] else {
      let name = path.split(separator: "/").last.map(String.init) ?? ""
      return Self.status(404, "NotFound", "deployments.apps \"\(name)\" not found")
    }
    switch request.method {
    case .get: return found(path)
    case .patch:
      guard let patch = try? JSONValue(parsing: request.content) else { return Self.status(400, "BadRequest", "no JSON") }
      if let wanted = patch["metadata"]?["resourceVersion"], wanted != live["metadata"]?["resourceVersion"] {
        return Self.status(409, "Conflict", "the object has been modified; please apply your changes to the latest version")
      }
      change(path) { $0 = Self.merged($0, patch) }
      return found(path)
    default: return Self.status(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
    }
  }

  mutating func change(_ path: String, _ body: (inout JSONValue) -> Void) {
    guard let live = objects[path] else { return }
    var changed = live
    body(&changed)
    guard changed != live, case .object(var object) = changed, case .object(var metadata)? = object["metadata"] else { return }
    if changed["spec"] != live["spec"] {
      metadata["generation"] = .number(JSONNumber((metadata["generation"]?.number?.int64 ?? 0) + 1))
    }
    object["metadata"] = .object(metadata)
    store(.object(object), at: path)
  }

  mutating func store(_ value: JSONValue, at path: String) {
    guard case .object(var object) = value, case .object(var metadata)? = object["metadata"] else { return }
    version += 1
    metadata["resourceVersion"] = .string(String(version))
    object["metadata"] = .object(metadata)
    objects[path] = .object(object)
  }

  private func found(_ path: String) -> ClientResponse {
    guard let object = objects[path] else { return Self.status(404, "NotFound", "not found") }
    return ClientResponse(
      status: .ok, fields: HTTPFields([(.contentType, "application/json")]), content: object.serialized())
  }

  private static func status(_ code: Int, _ reason: String, _ message: String, retryAfter: Int? = nil) -> ClientResponse {
    let object: JSONValue = [
      "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": .string(reason), "message": .string(message),
      "code": .number(JSONNumber(code)),
    ]
    var fields = HTTPFields([(.contentType, "application/json")])
    if let retryAfter { fields.append(.retryAfter, String(retryAfter)) }
    return ClientResponse(status: HTTPStatus(rawValue: code), fields: fields, content: object.serialized())
  }

  /// RFC 7396.
  private static func merged(_ target: JSONValue, _ patch: JSONValue) -> JSONValue {
    guard case .object(let changes) = patch else { return patch }
    var object = target.object ?? JSONObject()
    for (name, value) in changes { object[name] = value == .null ? nil : merged(object[name] ?? .null, value) }
    return .object(object)
  }
}
