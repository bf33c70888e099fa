import HTTP
import TestSupport

/// What a decoder said, in a form that can be compared and printed.
enum Said: Equatable, Sendable {
  case head(String, String, HTTP1RequestDecoder.HeadFacts)
  case request(String, String, [String], String)
  case response(Int, [String], String, keepsAlive: Bool)
  case error(HTTP1Error)
}

func lines(_ fields: HTTPFields) -> [String] {
  var lines: [String] = []
  fields.forEach { lines.append("\($0): \($1)") }
  return lines
}

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// What a request decoder says of `pieces`, each head accepted.
func requests(_ pieces: [[UInt8]], limits: HTTPLimits = HTTPLimits()) -> [Said] {
  var decoder = HTTP1RequestDecoder(limits: limits)
  var said: [Said] = []
  for piece in pieces {
    decoder.receive(piece.span)
    do throws(HTTP1Error) {
      stepping: while true {
        switch try decoder.next() {
        case .needsMore: break stepping
        case .head(let head, let facts):
          said.append(.head(head.method.token, head.target, facts))
          try decoder.acceptContent(limit: .max)
        case .request(let request):
          said.append(.request(request.method.token, request.target, lines(request.fields), text(request.content)))
        }
      }
    } catch {
      return said + [.error(error)]
    }
  }
  return said
}

/// What a response decoder says of `pieces`, the answers to `methods`; then the connection ends if `ends`.
func responses(_ pieces: [[UInt8]], to methods: [HTTPMethod] = [.get], ends: Bool = false, contentLimit: Int = 1 << 20) -> [Said]
{
  var decoder = HTTP1ResponseDecoder()
  var waiting = methods[...]
  var said: [Said] = []
  func expectNext() { if let method = waiting.popFirst() { decoder.expectResponse(to: method, contentBytesLimit: contentLimit) } }
  expectNext()
  do throws(HTTP1Error) {
    for piece in pieces {
      decoder.receive(piece.span)
      while case .response(let response, let keepsAlive) = try decoder.next() {
        said.append(.response(response.status.rawValue, lines(response.fields), text(response.content), keepsAlive: keepsAlive))
        expectNext()
      }
    }
    if ends {
      let response = try decoder.finish()
      said.append(.response(response.status.rawValue, lines(response.fields), text(response.content), keepsAlive: false))
    }
  } catch {
    said.append(.error(error))
  }
  return said
}

func bytewise(_ bytes: [UInt8]) -> [[UInt8]] { bytes.map { [$0] } }

func split(_ bytes: [UInt8], _ random: inout SplitMix) -> [[UInt8]] {
  var pieces: [[UInt8]] = []
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = Int.random(in: 1...max(1, min(rest.count, 40)), using: &random)
    pieces.append(Array(rest.prefix(count)))
    rest = rest.dropFirst(count)
  }
  return pieces
}
