import HTTP
package import HTTPClient
import Locks

/// A server of key sets without a network: it answers what it was last told to, can make callers wait, and counts.
package final class FakeKeyServer: HTTPSender {
  package typealias Answer = Result<ClientResponse, HTTPClientError>

  private struct State {
    var answer: Answer
    var requests: [(request: ClientRequest, deadline: Duration)] = []
    var isHolding = false
    var held: [CheckedContinuation<Void, Never>] = []
    var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state: Mutex<State>

  package init(_ answer: Answer) { state = Mutex(State(answer: answer)) }

  /// A server of `document`, fresh for `maximumAge` seconds.
  package convenience init(document: [UInt8], maximumAge: Int = 3600) {
    self.init(Self.serving(document, maximumAge: maximumAge))
  }

  /// An answer with status 200.
  package static func serving(_ document: [UInt8], maximumAge: Int = 3600) -> Answer {
    let fields = HTTPFields([(.cacheControl, "public, max-age=\(maximumAge), must-revalidate")])
    return .success(ClientResponse(status: .ok, fields: fields, content: document))
  }

  /// What every later request is answered, and those that are held.
  package func answer(_ answer: Answer) { state.withLock { $0.answer = answer } }

  /// What was asked so far, with the deadlines.
  package var requests: [(request: ClientRequest, deadline: Duration)] { state.withLock { $0.requests } }

  /// Requests from now on wait for `release`.
  package func hold() { state.withLock { $0.isHolding = true } }

  /// Lets the requests go that wait, and all later ones.
  package func release() {
    let held = state.withLock { state in
      state.isHolding = false
      defer { state.held = [] }
      return state.held
    }
    for continuation in held { continuation.resume() }
  }

  /// Waits until `count` requests have come in all.
  package func requests(reach count: Int) async {
    await withCheckedContinuation { continuation in
      let isReached = state.withLock { state in
        if state.requests.count < count { state.watchers.append((count, continuation)) }
        return state.requests.count >= count
      }
      if isReached { continuation.resume() }
    }
  }

  package func send(_ request: ClientRequest, deadline: Duration) async throws(HTTPClientError) -> ClientResponse {
    let reached = state.withLock { state in
      state.requests.append((request, deadline))
      let count = state.requests.count
      let reached = state.watchers.filter { $0.count <= count }
      state.watchers.removeAll { $0.count <= count }
      return reached
    }
    for watcher in reached { watcher.continuation.resume() }
    await withCheckedContinuation { continuation in
      let isHeld = state.withLock { state in
        if state.isHolding { state.held.append(continuation) }
        return state.isHolding
      }
      if !isHeld { continuation.resume() }
    }
    return try state.withLock { $0.answer }.get()
  }
}
