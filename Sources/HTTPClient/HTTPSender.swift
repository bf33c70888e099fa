/// What the users of HTTP need of a client: send one request, get one response. `HTTPClient` is one; tests bring their own.
package protocol HTTPSender: Sendable {
  /// Sends `request` and returns the final response, whatever its status.
  ///
  /// Redirects are not followed. Cancelling the task abandons the call; whether the server acted on it is then unknown.
  /// - Parameter deadline: for the whole call, from connecting to the last byte.
  func send(_ request: ClientRequest, deadline: Duration) async throws(HTTPClientError) -> ClientResponse
}
