import Events
import Kubernetes
import Targets
import TestSupport
import Testing
import YAML

@Suite struct MappingTests {
  private static func load(_ files: [(String, String)]) -> (mapping: Mapping, diagnostics: [MappingDiagnostic]) {
    Mapping.load(files: files.map { (name: $0.0, bytes: Array($0.1.utf8)) })
  }

  private static func image(_ text: String) throws -> ImageReference { try #require(ImageReference(text)) }

  private static let digest = "sha256:" + String(repeating: "ab", count: 32)
  private static let frontend = Workload(namespace: "default", name: "frontend-deployment")
  private static let backend = Workload(namespace: "backend-ns", name: "backend-service")

  @Test(
    .enabled(if: SharedData.isPresent, "the shared data does not stand beside this checkout: set RELAUNCH_SHARED"))
  func theSeedsConfigMapIsReadAsItStands() throws {
    let seed = try SharedData.text("seed/event-driven-deployments.txt")
    let start = try #require(seed.firstRange(of: "apiVersion: v1\nkind: ConfigMap\n"))
    let end = try #require(seed[start.lowerBound...].firstRange(of: "\n\n"))
    let (mapping, diagnostics) = Self.load([("seed.yaml", String(seed[start.lowerBound..<end.lowerBound]))])
    #expect(
      mapping.entries == [
        "my-app-frontend": [MappingEntry(Self.frontend, postRolloutHook: "trigger-health-check-workflow")],
        "my-app-backend": [MappingEntry(Self.backend, slackChannel: "#backend-alerts")],
      ])
    #expect(
      diagnostics.map(\.description) == [
        "seed.yaml:6:3: warning: data.my-app-frontend is a map, and the API server takes only strings there: write "
          + "\"my-app-frontend: |\" and leave the lines below it as they are [B4.1]",
        "seed.yaml:9:5: warning: postRolloutHook is kept, but nothing acts on it yet [not-acted-on]",
        "seed.yaml:10:3: warning: data.my-app-backend is a map, and the API server takes only strings there: write "
          + "\"my-app-backend: |\" and leave the lines below it as they are [B4.1]",
        "seed.yaml:13:5: warning: slackChannel is kept, but nothing acts on it yet [not-acted-on]",
      ])
    let lookup = mapping.workloads(for: try Self.image("europe-docker.pkg.dev/acme/apps/my-app-frontend:latest"))
    #expect(lookup.workloads == [Self.frontend])
  }

  static let fixtures: [(String, [(String, String)])] = [
    (
      "ConfigMap with nested maps",
      [
        (
          "map.yaml",
          """
          apiVersion: v1
          kind: ConfigMap
          data:
            my-app-frontend: {deploymentName: frontend-deployment}
            my-app-backend: {deploymentName: backend-service, namespace: backend-ns}
          """
        )
      ]
    ),
    (
      "ConfigMap with strings",
      [
        (
          "map.yaml",
          """
          # Sensors may stand in the same file.
          apiVersion: v1
          kind: ConfigMap
          data:
            my-app-frontend: |
              deploymentName: frontend-deployment
            my-app-backend: '{"name": "backend-service", "namespace": "backend-ns", "kind": "Deployment"}'
          """
        )
      ]
    ),
    (
      "mounted: YAML maps",
      [
        ("/m/my-app-frontend", "deploymentName: frontend-deployment\n"),
        ("/m/my-app-backend", "- name: backend-service\n  namespace: backend-ns\n"),
      ]
    ),
    (
      "mounted: JSON",
      [
        ("/m/my-app-frontend.json", #"{"deploymentName":"frontend-deployment"}"#),
        ("/m/my-app-backend", #"[{"name":"backend-service","namespace":"backend-ns"}]"#),
      ]
    ),
    (
      "mounted: lines and bare names",
      [
        ("/m/my-app-frontend", "frontend-deployment\n"),
        ("/m/my-app-backend", "deploymentName=backend-service\nnamespace=backend-ns\n"), ("/m/..data", "ignored: ["),
      ]
    ),
    (
      "mounted: document of the whole",
      [
        (
          "/m/cache.json",
          #"{"images":{"my-app-frontend":[{"name":"frontend-deployment","namespace":"default"}],"my-app-backend":[{"name":"backend-service","namespace":"backend-ns"}]}}"#
        )
      ]
    ),
    (
      "references to names",
      [("mappings.json", #"{"my-app-frontend":["default/frontend-deployment"],"my-app-backend":["backend-ns/backend-service"]}"#)]
    ),
    (
      "flat lines",
      [
        (
          "mapping.txt",
          "# image=workload\r\nmy-app-frontend = frontend-deployment\r\n\r\nmy-app-backend=backend-ns/backend-service\r\n"
        )
      ]
    ),
    ("flat YAML", [("mapping.yaml", "my-app-frontend: frontend-deployment\nmy-app-backend: backend-ns/backend-service\n")]),
    (
      "document inside a ConfigMap",
      [
        (
          "cm.yaml",
          "kind: ConfigMap\napiVersion: v1\ndata:\n  cache.json: |\n    {\"images\": {\"my-app-frontend\": [\"default/frontend-deployment\"], \"my-app-backend\": [\"backend-ns/backend-service\"]}}\n"
        )
      ]
    ),
  ]

  @Test(arguments: fixtures)
  func everyFormGivesTheSameModel(_ name: String, _ files: [(String, String)]) {
    let (mapping, diagnostics) = Self.load(files)
    #expect(
      mapping.entries == ["my-app-frontend": [MappingEntry(Self.frontend)], "my-app-backend": [MappingEntry(Self.backend)]],
      "\(name): \(diagnostics)")
    #expect(diagnostics.filter { $0.code != "B4.1" } == [])
  }

  @Test func configMapsFoundElsewhereAreReadToo() throws {
    let document = try #require(try YAMLStream.parse("kind: ConfigMap\ndata: {web: default/web}").first)
    let (mapping, diagnostics) = Mapping.load(files: [], configMaps: [("rules.yaml", document)], defaultNamespace: "apps")
    #expect(mapping.entries == ["web": [MappingEntry(Workload(namespace: "default", name: "web"))]])
    #expect(diagnostics == [])
  }

  @Test func theMostExactKeyDecidesAlone() throws {
    let lines = "h.x/p/web:v1=a\nh.x/p/web=b\nweb:v2=c\nweb=d\nnginx=e\ndocker.io/library/redis=f\nacme/tool=g\n"
    let (mapping, _) = Self.load([("m", lines)])
    for (image, name, key) in [
      ("h.x/p/web:v1", "a", "h.x/p/web:v1"), ("h.x/p/web:v3", "b", "h.x/p/web"), ("h.x/p/web", "b", "h.x/p/web"),
      ("h.x/p/web@" + Self.digest, "b", "h.x/p/web"), ("h.x/q/web:v2", "c", "web:v2"), ("h.x/q/web:v1", "d", "web"),
      ("web", "d", "web"), ("nginx:1", "e", "nginx"), ("redis:7", "f", "docker.io/library/redis"),
      ("docker.io/acme/tool:1", "g", "acme/tool"),
    ] {
      let lookup = mapping.workloads(for: try Self.image(image))
      #expect(lookup.workloads.map(\.name) == [name] && lookup.matchedKey == key && lookup.file == "m", "\(image)")
    }
  }

  @Test func aMissSaysWhatWasLookedFor() throws {
    let (mapping, _) = Self.load([("m", "other=x")])
    let lookup = mapping.workloads(for: try Self.image("h.x/p/web:v1@" + Self.digest))
    #expect(lookup == Lookup(entries: [], matchedKey: nil, file: nil, tried: ["h.x/p/web:v1", "h.x/p/web", "web:v1", "web"]))
    #expect("\(lookup)" == "no mapping for h.x/p/web:v1, h.x/p/web, web:v1, web")
  }

  @Test func aShortNameOfSeveralRepositoriesIsCalledAmbiguous() throws {
    let (mapping, diagnostics) = Self.load([("m", "web=guess\nh.x/a/web=a\nh.x/b/web:v1=b\nh.x/b/tool=t\ntool=t")])
    #expect(
      diagnostics.map(\.description) == [
        "m:1:1: warning: the short name \"web\" stands for images of several repositories: h.x/a/web, h.x/b/web; write out the one "
          + "that is meant [B4.2]"
      ])
    #expect(mapping.workloads(for: try Self.image("h.x/c/web:v1")).ambiguousRepositories == ["h.x/a/web", "h.x/b/web"])
    #expect(mapping.workloads(for: try Self.image("h.x/a/web:v1")).ambiguousRepositories == [])
    #expect(mapping.workloads(for: try Self.image("h.x/c/tool")).ambiguousRepositories == [])
  }

  @Test func oneKeyInTwoFilesRestartsTheWorkloadsOfBoth() throws {
    let (mapping, diagnostics) = Self.load([("a", "web=x, ns/y"), ("b", "web=y\nweb=x")])
    #expect(
      mapping.entries["web"]?.map(\.workload.description) == ["Deployment default/x", "Deployment ns/y", "Deployment default/y"])
    #expect(diagnostics.map(\.code) == ["duplicate-key", "duplicate-key"])
    #expect(diagnostics.first?.place == MappingPlace(file: "b", line: 1, column: 1))
  }

  @Test(
    arguments: [
      (
        "web", "kind: StatefulSet\nname: db\n",
        #"web:1:1: error: kind "StatefulSet" is not restarted yet, only Deployment is; the entry is left out [kind]"#
      ),
      (
        "m.yaml", "mapping:\n  images: {h.x/web: ns/web}\n",
        #"m.yaml:1:1: error: this is "mapping" of the chart's values; write what stands under it, from "images:" on [entry]"#
      ),
      ("web", "namespace: apps\n", "web:1:1: error: the entry names no workload; add deploymentName [entry]"),
      ("web", "name: a\ndeploymentName: b\n", #"web:1:1: error: deploymentName and name differ, "b" and "a"; leave one [entry]"#),
      (
        "web", "name: My_App\n",
        #"web:1:1: error: "My_App" cannot be the name of a Deployment: only a-z, 0-9, "-" and "." [name]"#
      ),
      ("web", "a.b/web", #"web:1:1: error: "a.b" cannot be a namespace: only a-z, 0-9 and "-", at most 63 [name]"#),
      (
        "web", "default/deployment/web",
        #"web:1:1: error: "deployment/web" cannot be the name of a Deployment: only a-z, 0-9, "-" and "." [name]"#
      ),
      (
        "m.yaml", "web:\n  - name: a\n  - ~\n",
        "m.yaml:3:5: error: this is no workload; write a deployment's name, NAMESPACE/NAME, or a map with deploymentName [entry]"
      ),
      (
        "m.yaml", "h.x/a@sha256:ab: b",
        #"m.yaml:1:1: error: "h.x/a@sha256:ab" names a digest, and every push has a new one; leave out everything from the @ [digest]"#
      ),
      (
        "m.yaml", "a//b: c",
        #"m.yaml:1:1: error: "a//b" is no name of an image; write HOST/PATH, HOST/PATH:TAG or a short name [key]"#
      ),
      (
        "m.yaml", "web: {name: a, color: red}",
        #"m.yaml:1:16: warning: "color" is no field of an entry; known are container, deploymentName, kind, name, namespace, postRolloutHook, slackChannel, strategy [unknown-field]"#
      ),
      ("m.yaml", "web: []", #"m.yaml:1:1: warning: "web" has no workloads [empty]"#),
      (
        "m.yaml", "apiVersion: v1\nkind: Secret\n",
        #"m.yaml:1:1: warning: a "Secret" is no mapping; move it to another directory [kind]"#
      ),
      (
        "m.yaml", "acme/web: x",
        #"m.yaml:1:1: info: "acme/web" names no registry and so means docker.io/acme/web; write the host in front if it is another [docker-hub]"#
      ),
      ("m.yaml", "kind: ConfigMap\n", "m.yaml:1:1: warning: the ConfigMap has no data [empty]"),
      (
        "m.yaml", "kind: ConfigMap\ndata: {h.x/web: ns/web}\n",
        #"m.yaml:2:8: warning: "h.x/web" cannot be a key of a ConfigMap, which takes letters, digits, "-", "_" and "." alone; put full references into a document under one key, cache.json: | [B4.2]"#
      ),
      ("m.yaml", "", "m.yaml:1:1: warning: nothing is in it [empty]"),
    ])
  func whatIsWrongIsNamedWithItsPlace(_ file: String, _ text: String, _ expected: String) {
    #expect(Self.load([(file, text)]).diagnostics.map(\.description) == [expected])
  }

  @Test func aBrokenFileTakesNothingElseWithIt() {
    let (mapping, diagnostics) = Self.load([("a.yaml", "x: [\n"), ("b.yaml", "web: ok\nbad: 'Not A Name'\n"), ("c", "\u{0}")])
    #expect(mapping.entries == ["web": [MappingEntry(Workload(namespace: "default", name: "ok"))]])
    #expect(diagnostics.map(\.severity) == [.error, .error, .error])
    #expect(diagnostics.map(\.place.file) == ["a.yaml", "b.yaml", "c"])
  }

  @Test func anyBytesAreReadWithoutATrap() {
    var generator = SplitMix()
    print("anyBytesAreReadWithoutATrap: seed \(generator.seed)")
    let alphabet = Array("web=/:@-[]{}\"'|&*#,.\n \u{0}\u{ff}adeploymentNamekindConfigMapimages".utf8)
    for _ in 0..<300 {
      let bytes = (0..<Int.random(in: 0...60, using: &generator)).compactMap { _ in alphabet.randomElement(using: &generator) }
      _ = Mapping.load(files: [(name: "x/\(bytes.count)", bytes: bytes)])
    }
  }

  @Test func tenThousandEntriesAreFoundByHash() throws {
    let lines = (0..<10_000).map { "europe-docker.pkg.dev/acme/apps/service-\($0)=ns/service-\($0)" }.joined(separator: "\n")
    let (mapping, diagnostics) = Self.load([("m", lines)])
    #expect(mapping.count == 10_000 && diagnostics.isEmpty)
    let image = try Self.image("europe-docker.pkg.dev/acme/apps/service-9999:v7")
    let time = ContinuousClock().measure { for _ in 0..<1000 { _ = mapping.workloads(for: image) } }
    #expect(mapping.workloads(for: image).workloads == [Workload(namespace: "ns", name: "service-9999")])
    // Five milliseconds each is the promise; a debug build keeps it many times over.
    #expect(time < .seconds(5))
  }
}
