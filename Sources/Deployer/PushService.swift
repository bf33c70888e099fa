import Clocks
import Configuration
import DurableLog
import Events
import HTTP
import HTTPServer
import JOSE
import Logging
import OIDC
import Synchronization
import Telemetry

/// The push listener: `POST /push/<source>` and a health check, nothing else.
///
/// Judged in this order, so that a stranger costs as little as possible: path, method, coding, load, token, and only then content.
final class PushService: HTTPService {
  struct Source: Sendable {
    let name: String
    /// nil: anyone may push.
    let authenticator: Authenticator?
    let acknowledgement: SourceSettings.Acknowledgement
  }

  private static let metadataNames = Dictionary(
    uniqueKeysWithValues: PushMetadata.Field.allCases.map { ($0, FieldName($0.rawValue)) })

  private let sources: [String: Source]
  private let ledger: Ledger
  private let engine: Engine
  private let completions: Completions
  private let limits: LimitSettings
  private let clock: any WallClock
  private let metrics: DeployerMetrics
  private let logger: Logger
  /// Pushes that were received whole and are not in the log yet.
  private let inFlight = Atomic<Int>(0)
  /// Why no push is taken, for reasons beyond the log and the load.
  private let closure: @Sendable () -> String?

  init(
    sources: [Source], ledger: Ledger, engine: Engine, completions: Completions, limits: LimitSettings, clock: any WallClock,
    metrics: DeployerMetrics, logger: Logger, closure: @escaping @Sendable () -> String?
  ) {
    self.sources = Dictionary(uniqueKeysWithValues: sources.map { ($0.name, $0) })
    self.ledger = ledger
    self.engine = engine
    self.completions = completions
    self.limits = limits
    self.clock = clock
    self.metrics = metrics
    self.logger = logger
    self.closure = closure
  }

  func admit(_ head: HTTPRequest) -> Admission {
    let path = head.path
    guard path.hasPrefix("/push/"), let source = sources[String(path.dropFirst(6))] else {
      if path == "/healthz", head.method == .get || head.method == .head { return .answer(HTTPResponse(.ok, text: "ok\n")) }
      return .answer(HTTPResponse(.notFound, text: "no such path\n"))
    }
    guard head.method == .post else {
      return .answer(
        HTTPResponse(
          .methodNotAllowed, fields: HTTPFields([(.allow, "POST"), (.contentType, "text/plain")]),
          content: Array("POST only\n".utf8)))
    }
    guard head.fields.bytes(of: .contentEncoding) == nil else {
      return .answer(HTTPResponse(.unsupportedMediaType, text: "content must come without Content-Encoding\n"))
    }
    if let refusal = loadRefusal { return .answer(refusal) }
    guard let authenticator = source.authenticator else { return proceed(source) }
    let now = clock.now()
    switch authenticator.check(head.fields.values(of: .authorization), now: now) {
    case .accepted: return proceed(source)
    case .refused(let refusal): return .answer(refused(source, refusal))
    case .needsKeys:
      let credentials = head.fields.values(of: .authorization)
      return .proceed(contentLimit: min(limits.contentBytes, 64 << 10)) { [self] request, responder in
        // Nobody awaits this task: it ends with the key server's answer or its deadline, and the connection bounds how many there are.
        Task {
          switch await authenticator.resolve(credentials, now: now) {
          case .accepted:
            receive(request, source, responder)
            ledger.commitReceived()
          case .refused(let refusal): responder.send(refused(source, refusal))
          case .needsKeys: responder.send(Self.unavailable("keys are not available\n"))
          }
        }
      }
    }
  }

  func turnEnded() { ledger.commitReceived() }

  private func proceed(_ source: Source) -> Admission {
    .proceed(contentLimit: limits.contentBytes) { [self] request, responder in receive(request, source, responder) }
  }

  /// Why nothing can be taken now: Pub/Sub sends it again.
  private var loadRefusal: HTTPResponse? {
    if let reason = closure() { return Self.unavailable("\(reason)\n") }
    if ledger.refusal != nil { return Self.unavailable("the log takes no records\n") }
    if inFlight.load(ordering: .relaxed) >= limits.inFlight { return tooMany("too many pushes wait for the log\n") }
    return ledger.read({ $0.backlog }) >= limits.backlog ? tooMany("the backlog is full\n") : nil
  }

  private func tooMany(_ text: String) -> HTTPResponse {
    metrics.overloaded.add()
    return HTTPResponse(
      .tooManyRequests, fields: HTTPFields([(.retryAfter, "5"), (.contentType, "text/plain")]), content: Array(text.utf8))
  }

  private static func unavailable(_ text: String) -> HTTPResponse {
    HTTPResponse(
      .serviceUnavailable, fields: HTTPFields([(.retryAfter, "5"), (.contentType, "text/plain")]), content: Array(text.utf8))
  }

  /// The answer is the same for every reason, so that nobody learns from it how to come closer. The reason is in the log.
  private func refused(_ source: Source, _ refusal: TokenRefusal) -> HTTPResponse {
    metrics.refusedTokens[source.name]?.add()
    logger.warning(
      "push refused",
      metadata: [
        "source": "\(source.name)", "status": "\(refusal.status)", "reason": "\(RefusalReason(refusal).rawValue)",
        "detail": "\(refusal)",
      ])
    switch refusal.status {
    case 403: return HTTPResponse(.forbidden, text: "forbidden\n")
    case 503: return Self.unavailable("keys are not available\n")
    default:
      return HTTPResponse(
        .unauthorized, fields: HTTPFields([(.wwwAuthenticate, "Bearer"), (.contentType, "text/plain")]),
        content: Array("unauthorized\n".utf8))
    }
  }

  private func receive(_ request: HTTPRequest, _ source: Source, _ responder: Responder) {
    // They were few when the head came; many heads may have come at once.
    guard inFlight.wrappingAdd(1, ordering: .relaxed).newValue <= limits.inFlight else {
      inFlight.wrappingSubtract(1, ordering: .relaxed)
      return responder.send(tooMany("too many pushes wait for the log\n"))
    }
    let now = clock.now()
    let message = Self.message(request)
    if let publishTime = message.publishTime { metrics.publishToReceipt.observe(now - publishTime) }
    ledger.receive(message, source: source.name, at: now, accepted: engine.take) { [self] receipt in
      inFlight.wrappingSubtract(1, ordering: .relaxed)
      switch receipt {
      case .accepted(let id):
        metrics.received[source.name]?.add()
        acknowledge(id, source, responder)
      case .duplicate(let id):
        metrics.duplicates[source.name]?.add()
        logger.debug("duplicate", metadata: ["event_id": "\(id)", "source": "\(source.name)"])
        acknowledge(id, source, responder)
      case .refused(let error):
        logger.error("push not journaled", metadata: ["source": "\(source.name)", "error": "\(error)"])
        responder.send(Self.unavailable("not journaled\n"))
      }
    }
  }

  private func acknowledge(_ id: String, _ source: Source, _ responder: Responder) {
    switch source.acknowledgement {
    case .journaled: responder.send(HTTPResponse(.noContent))
    case .completed: completions.wait(for: id) { responder.send(HTTPResponse(.noContent)) }
    }
  }

  /// What the push holds. One that cannot be read is kept as it came, marked with the reason: sending it again would not help, so
  /// it must be acknowledged, and what is acknowledged must be there to look at.
  private static func message(_ request: HTTPRequest) -> PubSubMessage {
    let metadata = PushMetadata { field in metadataNames[field].flatMap { request.fields[$0] } }
    do throws(EnvelopeError) {
      return try PushEnvelope(body: request.content, metadata: metadata).message
    } catch {
      return PubSubMessage(
        attributes: [PubSubMessage.Attribute(name: Judge.unreadableAttribute, value: "\(error)")],
        data: Array(request.content.prefix(64 << 10)))
    }
  }
}
