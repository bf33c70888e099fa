import HTTPClient
import Testing

extension BuiltServer {
  /// `relaunch probe`, with which `helm test` asks.
  struct ProbeTests {
    @Test func tellsByItsExitCodeWhetherTheAnswerIsTheExpectedOne() async throws {
      let server = try await RunningServer.start(Site())
      let cases: [(arguments: [String], status: Int32, said: String)] = [
        (["\(server.ops)/readyz"], 0, "200 OK"),
        (["\(server.push)/healthz", "--method", "HEAD", "--expect", "200"], 0, "200 OK"),
        (["\(server.push)/push/gar", "--method", "POST", "--expect", "401"], 0, "401 Unauthorized"),
        (["\(server.push)/push/gar", "--method", "POST"], 1, "answered 401 Unauthorized, expected 2xx: unauthorized"),
        (["\(server.ops)/readyz", "--expect", "503"], 1, "answered 200 OK, expected 503"),
      ]
      for (arguments, status, said) in cases {
        let probed = try await RelaunchBinary.run(["probe"] + arguments)
        #expect(probed.status == status, "\(arguments)")
        #expect((status == 0 ? probed.output : probed.errors).contains(said), "\(arguments): \(probed.output)\(probed.errors)")
      }
    }

    @Test func saysWhyNothingAnswers() async throws {
      let probed = try await RelaunchBinary.run("probe", "http://127.0.0.1:1/")
      #expect(probed.status == 1)
      #expect(probed.errors.contains("http://127.0.0.1:1/: ") && probed.errors.contains("refused"), "\(probed.errors)")
    }

    /// What it waits for may come later.
    @Test func asksAgainUntilTheTimeIsUp() async throws {
      let first = try await RunningServer.start(Site())
      let url = "\(first.ops)/livez"
      let port = first.ops.port
      #expect(await first.stop() == 0)
      let probe = try ChildProcess(try RelaunchBinary.require(), ["probe", url, "--for", "60"])
      #expect(await probe.errors.first { $0.contains("asking again") } != nil)
      let site = try Site()
      var configuration = Site.Configuration()
      configuration.ops = "{address: 127.0.0.1, port: \(port)}"
      try site.configure(configuration)
      let second = try await RunningServer.start(site)
      #expect(await probe.end() == 0)
      #expect(second.process.isRunning)
    }

    @Test(arguments: [
      ["ftp://example.com/"], ["http://127.0.0.1/", "--method", "DELETE"], ["http://127.0.0.1/", "--expect", "99"],
      ["http://127.0.0.1/", "--for", "-1"], [],
    ])
    func refusesWrongUsage(_ arguments: [String]) async throws {
      #expect(try await RelaunchBinary.run(["probe"] + arguments).status == 64)
    }
  }
}
