package import HTTP

/// What a listener serves. Called on the listener's loop, so it must not block; work that takes time is answered later.
package protocol HTTPService: AnyObject, Sendable {
  /// Judges a request by its head, before any of its content is kept.
  func admit(_ head: HTTPRequest) -> Admission
  /// Called when the requests that had arrived together are with the service, for work that they can share.
  func turnEnded()
}

extension HTTPService {
  package func turnEnded() {}
}

/// The verdict on a head.
package enum Admission {
  /// Answer this at once; the connection is closed if content is still to come.
  case answer(HTTPResponse)
  /// Read the content, at most `contentLimit` bytes of it, then call `serve`, which answers through the responder once, now or later.
  case proceed(contentLimit: Int, serve: (HTTPRequest, Responder) -> Void)
}
