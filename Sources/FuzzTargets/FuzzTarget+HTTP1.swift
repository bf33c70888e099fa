import HTTP

extension FuzzTarget {
  /// Limits that an input of a few hundred bytes can pass.
  private static let tight = HTTPLimits(headBytesLimit: 200, fieldCountLimit: 4, targetBytesLimit: 40, contentBytesLimit: 50)

  static func checkRequest(_ input: [UInt8]) throws(BrokenClaim) {
    for limits in [HTTPLimits(), tight] { try compare(input) { pieces throws(BrokenClaim) in try requests(pieces, limits) } }
  }

  private static let chunkedHead = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)

  static func checkChunks(_ input: [UInt8]) throws(BrokenClaim) { try checkRequest(chunkedHead + input) }

  static func checkResponse(_ input: [UInt8]) throws(BrokenClaim) {
    for limit in [1 << 20, 50] { try compare(input) { pieces throws(BrokenClaim) in try responses(pieces, limit) } }
  }

  /// Claims that `read` says the same of `input` however it is cut.
  private static func compare<Said: Equatable>(
    _ input: [UInt8], _ read: ([ArraySlice<UInt8>]) throws(BrokenClaim) -> [Said]
  ) throws(BrokenClaim) {
    let pieces = Pieces(input)
    let whole = try read(pieces.whole)
    for pieces in [pieces.bytewise, pieces.halves, pieces.uneven(upTo: 20)] { try claimSame(whole, try read(pieces)) }
  }
}

private enum Said: Equatable {
  case head(HTTPMethod, String, HTTP1RequestDecoder.HeadFacts)
  case request(HTTPMethod, String, [String], [UInt8])
  case response(HTTPStatus, [String], [UInt8])
  case error(HTTP1Error)
  case waiting(bufferedBytes: Int, isBetweenMessages: Bool)
}

private func lines(_ fields: HTTPFields) -> [String] {
  var lines: [String] = []
  fields.forEach { lines.append("\($0): \($1)") }
  return lines
}

/// What a request decoder says of `pieces`, each head accepted.
private func requests(_ pieces: [ArraySlice<UInt8>], _ limits: HTTPLimits) throws(BrokenClaim) -> [Said] {
  var decoder = HTTP1RequestDecoder(limits: limits)
  var said: [Said] = []
  var accepted: (HTTP1RequestDecoder.HeadFacts, HTTPRequest)?
  var failure: HTTP1Error?
  for piece in pieces {
    decoder.receive(piece.span)
    stepping: while true {
      let result = step(&decoder)
      if let failure {
        guard case .failure(failure) = result else { throw BrokenClaim("after \(failure): \(result)") }
        break stepping
      }
      switch result {
      case .failure(let error):
        said.append(.error(error))
        failure = error
      case .success(.needsMore):
        // What waits is a head that is not complete, or a line of the chunked coding.
        let limit = accepted == nil ? limits.headBytesLimit : 4 << 10
        try claim(decoder.bufferedBytes <= limit, "\(decoder.bufferedBytes) bytes are kept unread")
        break stepping
      case .success(.head(let request, let facts)):
        try claim(request.content.isEmpty && accepted == nil, "a head comes at the wrong time")
        try claim(request.target.utf8.count <= limits.targetBytesLimit, "the target is too long")
        try claim(request.fields.count <= limits.fieldCountLimit, "there are too many fields")
        try claim(request.target.hasPrefix("/") || request.target == "*", "the target is \(request.target)")
        said.append(.head(request.method, request.target, facts))
        accepted = (facts, request)
      case .success(.request(let request)):
        guard let (facts, head) = accepted else { throw BrokenClaim("a request without a head") }
        accepted = nil
        try claim(request.method == head.method && request.target == head.target, "the request is not its head's")
        try claim(request.content.count <= limits.contentBytesLimit, "\(request.content.count) bytes of content")
        try claim(facts.contentLength.map { $0 == request.content.count } ?? true, "the content is not as long as stated")
        said.append(.request(request.method, request.target, lines(request.fields), request.content))
      }
    }
  }
  if failure == nil { said.append(.waiting(bufferedBytes: decoder.bufferedBytes, isBetweenMessages: decoder.isBetweenMessages)) }
  return said
}

/// Goes on by one step, and past the head if it is one.
private func step(_ decoder: inout HTTP1RequestDecoder) -> Result<HTTP1RequestDecoder.Step, HTTP1Error> {
  Result { () throws(HTTP1Error) in
    let step = try decoder.next()
    if case .head = step { try decoder.acceptContent(limit: .max) }
    return step
  }
}

/// What a response decoder says of `pieces`, then of the end of the connection. Whether the connection may be used again is left out:
/// bytes beyond a response count against it only where they come with it.
private func responses(_ pieces: [ArraySlice<UInt8>], _ contentLimit: Int) throws(BrokenClaim) -> [Said] {
  let methods: [HTTPMethod] = [.get, .head, .post]
  var decoder = HTTP1ResponseDecoder()
  var said: [Said] = []
  var failure: HTTP1Error?
  decoder.expectResponse(to: methods[0], contentBytesLimit: contentLimit)
  for piece in pieces {
    decoder.receive(piece.span)
    stepping: while true {
      let result = step(&decoder)
      if let failure {
        guard case .failure(failure) = result else { throw BrokenClaim("after \(failure): \(result)") }
        break stepping
      }
      switch result {
      case .failure(let error):
        said.append(.error(error))
        failure = error
      case .success(.needsMore): break stepping
      case .success(.response(let response, let keepsAlive)):
        try claim(response.content.count <= contentLimit, "\(response.content.count) bytes of content")
        try claim(!keepsAlive || decoder.isUntouched, "the connection is to be used again with bytes that nobody asked for")
        try claim((200..<600).contains(response.status.rawValue), "the final status is \(response.status)")
        said.append(.response(response.status, lines(response.fields), response.content))
        decoder.expectResponse(to: methods[said.count % methods.count], contentBytesLimit: contentLimit)
      }
    }
  }
  if failure == nil {
    switch end(&decoder) {
    case .success(let response): said.append(.response(response.status, lines(response.fields), response.content))
    case .failure(let error): said.append(.error(error))
    }
  }
  return said
}

private func step(_ decoder: inout HTTP1ResponseDecoder) -> Result<HTTP1ResponseDecoder.Step, HTTP1Error> {
  Result { () throws(HTTP1Error) in try decoder.next() }
}

private func end(_ decoder: inout HTTP1ResponseDecoder) -> Result<HTTPResponse, HTTP1Error> {
  Result { () throws(HTTP1Error) in try decoder.finish() }
}
