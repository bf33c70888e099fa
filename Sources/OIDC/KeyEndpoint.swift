import HTTP
import HTTPClient

/// A key set behind a URL.
struct KeyEndpoint: Sendable {
  /// For the whole of a load, so that a server that drips does not hold us.
  static let deadline = Duration.seconds(10)

  private let origin: Origin
  private let target: String
  private let sender: any HTTPSender

  init(url: String, sender: any HTTPSender) throws(OIDCError) {
    guard let (origin, target) = Origin.parse(url: url) else { throw .keyURL(url) }
    guard origin.isSecure || Self.isThisMachine(origin.host) else { throw .plainKeyURL(url) }
    self.origin = origin
    self.target = target
    self.sender = sender
  }

  private static func isThisMachine(_ host: String) -> Bool { ["localhost", "127.0.0.1", "::1"].contains(host) }

  func load(bytesLimit: Int) async -> Result<KeyLoad, KeyFetchFault> {
    let fields = HTTPFields([(.accept, "application/json"), ("accept-encoding", "identity")])
    let request = ClientRequest(.get, origin, target, fields: fields, responseBytesLimit: bytesLimit)
    do {
      return .success(try Self.judge(try await sender.send(request, deadline: Self.deadline), bytesLimit))
    } catch let error as HTTPClientError {
      if case .responseTooLarge(_, let limit) = error { return .failure(.tooLarge(limit: limit)) }
      return .failure(.unreachable(error))
    } catch let fault as KeyFetchFault {
      return .failure(fault)
    } catch {
      return .failure(.unreachable(.shutDown))
    }
  }

  private static func judge(_ response: ClientResponse, _ bytesLimit: Int) throws(KeyFetchFault) -> KeyLoad {
    guard response.status == .ok else { throw .status(response.status.rawValue) }
    if let encoding = response.fields[.contentEncoding], encoding.lowercased() != "identity" { throw .encoded }
    guard response.content.count <= bytesLimit else { throw .tooLarge(limit: bytesLimit) }
    return .document(response.content, lifetime: KeyFreshness.lifetime(response.fields), identity: nil)
  }
}
