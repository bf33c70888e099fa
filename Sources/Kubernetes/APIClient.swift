import HTTP
package import HTTPClient
package import JSON

/// Calls the API server. One call, one answer; who tries again is the caller, by `APIError.disposition`.
package struct APIClient: Sendable {
  /// How a patch is to be merged into the object.
  package enum PatchType: String, Sendable {
    case strategicMerge = "application/strategic-merge-patch+json"
    case merge = "application/merge-patch+json"
  }

  private let credentials: Credentials
  private let sender: any HTTPSender
  private let tokens: TokenCache
  private let callDeadline: Duration
  private let responseBytesLimit: Int

  /// - Parameters:
  ///   - sender: connects to the origin in `credentials` with the trust and the client certificate they give.
  ///   - callDeadline: for one call as a whole.
  ///   - responseBytesLimit: larger answers are refused.
  ///   - now: tells when the token file was last read.
  package init(
    _ credentials: Credentials, sender: any HTTPSender, callDeadline: Duration = .seconds(10), responseBytesLimit: Int = 4 << 20,
    files: FileSource = .disk, now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
  ) {
    self.credentials = credentials
    self.sender = sender
    self.callDeadline = callDeadline
    self.responseBytesLimit = responseBytesLimit
    tokens = TokenCache(credentials.token, files: files, now: now)
  }

  /// The namespace that is meant where none is named.
  package var defaultNamespace: String { credentials.namespace }

  /// The object as it is now.
  package func get(_ resource: Resource, namespace: String?, name: String) async throws(APIError) -> JSONValue {
    try await send(APICall(.get, resource, namespace: namespace, name: name), .get, query: "")
  }

  /// Changes the object by `patch`.
  ///
  /// With a `metadata.resourceVersion` in it the server applies the patch to that version alone and else answers 409. An error
  /// without an answer leaves open whether the patch was applied.
  /// - Parameter fieldManager: the name under which the server books the changed fields; a plain word.
  /// - Returns: the object after the change.
  package func patch(
    _ resource: Resource, namespace: String?, name: String, _ patch: JSONValue, type: PatchType, fieldManager: String
  ) async throws(APIError) -> JSONValue {
    try await send(
      APICall(.patch, resource, namespace: namespace, name: name), .patch, query: "?fieldManager=\(fieldManager)",
      content: patch.serialized(), contentType: type.rawValue)
  }

  private func send(
    _ call: APICall, _ method: HTTPMethod, query: String, content: [UInt8] = [], contentType: String? = nil
  ) async throws(APIError) -> JSONValue {
    guard (call.namespace != nil) == call.resource.isNamespaced, call.namespace.map({ ObjectName.isLabel($0) }) ?? true,
      ObjectName.isSubdomain(call.name)
    else { throw .invalidName(call) }
    let target = credentials.pathPrefix + call.resource.path(namespace: call.namespace, name: call.name) + query
    let token = try await credential(for: call) { cache throws(CredentialsError) in try await cache.token() }
    var response = try await exchange(call, method, target, content, contentType, token)
    if response.status == .unauthorized,
      let fresh = try await credential(for: call, { cache throws(CredentialsError) in try await cache.refreshed(after: token) })
    {
      response = try await exchange(call, method, target, content, contentType, fresh)
    }
    guard response.status.isSuccess else {
      throw .refused(call, StatusFailure(status: response.status, fields: response.fields, content: response.content))
    }
    do throws(JSONError) {
      let object = try JSONValue(parsing: response.content)
      if object.object != nil { return object }
    } catch { throw .unreadable(call, reason: "\(error)") }
    throw .unreadable(call, reason: "it is JSON but no object")
  }

  private func credential(
    for call: APICall, _ ask: (TokenCache) async throws(CredentialsError) -> Secret?
  ) async throws(APIError) -> Secret? {
    do throws(CredentialsError) { return try await ask(tokens) } catch { throw .credentials(call, error) }
  }

  private func exchange(
    _ call: APICall, _ method: HTTPMethod, _ target: String, _ content: [UInt8], _ contentType: String?, _ token: Secret?
  ) async throws(APIError) -> ClientResponse {
    var fields = HTTPFields([(.accept, "application/json"), (.userAgent, "relaunch")])
    if let contentType { fields.append(.contentType, contentType) }
    if let token { fields.append(.authorization, "Bearer " + token.revealed) }
    let request = ClientRequest(
      method, credentials.origin, target, fields: fields, content: content, responseBytesLimit: responseBytesLimit)
    do throws(HTTPClientError) { return try await sender.send(request, deadline: callDeadline) } catch {
      throw .unanswered(call, error)
    }
  }
}
