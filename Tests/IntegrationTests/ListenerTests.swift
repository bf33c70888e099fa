import HTTP
import HTTPClient
import JSON
import TestSupport
import Testing

extension BuiltServer {
  /// What each listener answers, whoever asks.
  struct ListenerTests {
    @Test func refusesWhatIsNoPush() async throws {
      let server = try await RunningServer.start(Site())
      let token = try server.site.token()
      let body = PushMessage().body
      #expect(try await server.push(content: body, token: token, path: "/push/other").status == .notFound)
      #expect(try await server.push(content: body, token: token, path: "/push/gar/").status == .notFound)
      #expect(try await server.push(content: body, token: token, path: "/").status == .notFound)
      let read = try await server.send(.get, server.push, "/push/gar")
      #expect(read.status == .methodNotAllowed)
      #expect(read.fields[.allow] == "POST")
      let large = [UInt8](repeating: UInt8(ascii: "x"), count: 300 << 10)
      #expect(try await server.push(content: large, token: token).status == .contentTooLarge)
      #expect(try await server.push(PushMessage()) == .noContent)
    }

    @Test(arguments: [
      "garbage\r\n\r\n", "GET\r\n\r\n", "POST /push/gar HTTP/9.9\r\nHost: a\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\r\n\r\n",
      "POST /push/gar HTTP/1.1\r\n\r\n", "POST /push/gar HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ])
    func answersGarbageOnceAndLives(_ request: String) async throws {
      let server = try await RunningServer.start(Site())
      let connection = try RawConnection(port: server.push.port)
      connection.send(request)
      let answer = await connection.received()
      #expect(answer.hasPrefix("HTTP/1.1 400 ") || answer.hasPrefix("HTTP/1.1 505 "), "\(answer)")
      #expect(try await server.push(PushMessage()) == .noContent)
    }

    @Test(arguments: ["", "P", "POST /push/gar HT", "POST /push/gar HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n{\"mess"])
    func outlivesATruncatedRequest(_ request: String) async throws {
      let server = try await RunningServer.start(Site())
      for isReset in [false, true] {
        let connection = try RawConnection(port: server.push.port)
        connection.send(request)
        if isReset { connection.resetWhenReleased() } else { connection.finishSending() }
      }
      #expect(try await server.push(PushMessage()) == .noContent)
      #expect(server.process.isRunning)
      #expect(try await server.events().count == 1)
    }

    /// The push listener is open to the internet, the ops listener to the cluster, the admin listener to people.
    @Test func serveNothingOfEachOther() async throws {
      let server = try await RunningServer.start(Site())
      let admin = ["/events", "/events/1", "/deadletters", "/deadletters/1", "/jobs", "/rules"]
      let ops = ["/metrics", "/livez", "/readyz"]
      for path in admin {
        #expect(try await server.send(.get, server.push, path).status == .notFound, "push \(path)")
        #expect(try await server.send(.get, server.ops, path).status == .notFound, "ops \(path)")
      }
      for path in ops {
        #expect(try await server.send(.get, server.push, path).status == .notFound, "push \(path)")
        #expect(try await server.send(.get, server.admin, path).status == .notFound, "admin \(path)")
        #expect(try await server.send(.get, server.ops, path).status == .ok, "ops \(path)")
      }
      let token = [(name: FieldName.authorization, value: "Bearer \(try server.site.token())")]
      for origin in [server.ops, server.admin] {
        let response = try await server.send(.post, origin, "/push/gar", token, content: PushMessage().body)
        #expect(!response.status.isSuccess)
      }
      #expect(try await server.send(.post, server.push, "/deadletters/1/replay").status == .notFound)
      #expect(try await server.events().isEmpty)
      #expect(try await server.send(.get, server.push, "/healthz").status == .ok)
    }

    @Test func asksForTheAdminToken() async throws {
      var configuration = Site.Configuration()
      configuration.admin = "{address: 127.0.0.1, port: 0, tokenFile: admin.token}"
      let site = try Site(configuration)
      let secret = String(repeating: "k3", count: 20)
      try site.directory.write(secret + "\n", to: "admin.token")
      let server = try await RunningServer.start(site)
      #expect(try await server.send(.get, server.admin, "/events").status == .unauthorized)
      #expect(try await server.send(.get, server.admin, "/no-such-path").status == .unauthorized)
      let wrong = [(name: FieldName.authorization, value: "Bearer \(secret)x")]
      #expect(try await server.send(.get, server.admin, "/events", wrong).status == .unauthorized)
      let right = [(name: FieldName.authorization, value: "Bearer \(secret)")]
      #expect(try await server.send(.get, server.admin, "/events", right).status == .ok)
      let listed = try await RelaunchBinary.run(
        "deadletters", "list", "--server", server.admin.description, "--token-file", "\(site.path)/admin.token")
      #expect(listed.status == 0)
      #expect(listed.output == "no dead letters")
      let refused = try await RelaunchBinary.run("deadletters", "list", "--server", server.admin.description)
      #expect(refused.status == 1)
    }
  }
}
