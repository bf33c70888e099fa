import ArgumentParser
import HTTP
import HTTPClient

struct Probe: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ask a URL, and tell by the exit code whether it answered as expected.",
    discussion: """
      For checks where there is no curl, such as `helm test` in an image that holds Relaunch alone. https is verified with the \
      system's authorities. Exit 0 when the answer has the expected status, 1 when it has not or none comes, 64 for wrong usage.
      """)

  @Argument(help: "What to ask: http://relaunch-ops:9090/readyz")
  var url: String

  @Option(help: "The status that is expected; any 2xx by default.")
  var expect: Int?

  @Option(help: "GET, HEAD or POST. A POST has no content.")
  var method = "GET"

  @Option(name: .customLong("for"), help: "For how long to ask again, once a second, before it counts as failed; in seconds.")
  var seconds = 0

  @Option(help: "How long one answer may take, in seconds.")
  var timeout = 5

  func validate() throws {
    guard Origin.parse(url: url) != nil else { throw ValidationError("\(url): not an http or https URL") }
    guard HTTPMethod.probes[method] != nil else { throw ValidationError("--method \(method): must be GET, HEAD or POST") }
    if let expect, !(100...599).contains(expect) { throw ValidationError("--expect \(expect): no status of HTTP") }
    guard (0...86_400).contains(seconds) else { throw ValidationError("--for \(seconds): must be from 0 to 86400") }
    guard (1...3600).contains(timeout) else { throw ValidationError("--timeout \(timeout): must be from 1 to 3600") }
  }

  func run() async throws {
    guard let (origin, target) = Origin.parse(url: url), let method = HTTPMethod.probes[method] else {
      preconditionFailure("`validate` has seen the URL and the method")
    }
    let deadline = ContinuousClock.now + .seconds(seconds)
    var said: String?
    while true {
      let problem: String
      do {
        let response = try await CommandClient.make(for: origin).send(
          ClientRequest(method, origin, target), deadline: .seconds(timeout))
        if isExpected(response.status) { return print("\(url): \(response.status)") }
        let text = String(decoding: response.content.prefix(400), as: UTF8.self).trimming { $0.isWhitespace }
        problem = "answered \(response.status), expected \(expect.map(String.init) ?? "2xx")\(text.isEmpty ? "" : ": \(text)")"
      } catch {
        problem = "\(error)"
      }
      guard ContinuousClock.now < deadline else { throw Terminal.failure("\(url): \(problem)", .problemsFound) }
      if said != problem { Terminal.note("\(url): \(problem); asking again") }
      said = problem
      try await Task.sleep(for: .seconds(1))
    }
  }

  private func isExpected(_ status: HTTPStatus) -> Bool { expect.map { status.rawValue == $0 } ?? status.isSuccess }
}

extension HTTPMethod {
  fileprivate static let probes: [String: HTTPMethod] = ["GET": .get, "HEAD": .head, "POST": .post]
}
