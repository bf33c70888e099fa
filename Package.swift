// swift-tools-version: 6.2
import PackageDescription

/// The language settings of every Swift target: Swift 6 mode, each upcoming feature that changes what code means, and no
/// warning left standing.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// What `scripts/sanitize thread` sets besides the compiler's option, which no source can see.
let locks: [SwiftSetting] = Context.environment["RELAUNCH_SANITIZE"] == "thread" ? [.define("THREAD_SANITIZER")] : []

let collections = Target.Dependency.product(name: "Collections", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

/// One row of the module table in `ARCHITECTURE.md`: a target and what it may import.
func module(_ name: String, _ imports: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: imports, swiftSettings: settings)
}

/// The tests of `name`. They may import whatever their subject imports, and the fakes; `files` are what they read.
func tests(of name: String, _ imports: [Target.Dependency] = [], files: [String] = []) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: [.init(stringLiteral: name), "Locks", "TestSupport"] + imports, exclude: files,
    swiftSettings: settings)
}

let package = Package(
  name: "relaunch",
  products: [
    .executable(name: "relaunch", targets: ["relaunch"]),
    // For the package in Fuzz/, which cannot see what only this package may see.
    .library(name: "FuzzTargets", targets: ["FuzzTargets"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CNGHTTP2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .target(name: "CShims"),
    .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),

    module("Clocks"),
    .target(name: "Locks", dependencies: ["CShims"], swiftSettings: settings + locks),
    module("JSON"),
    module("YAML", ["CYAML", "JSON"]),
    module("OpenSSL", ["COpenSSL"]),
    module("JOSE", ["OpenSSL", "JSON"]),
    module("HTTP"),
    module("HTTP2", ["CNGHTTP2", "HTTP"]),
    module("Events", ["JSON", "Clocks"]),
    module("Sensors", ["Events", "JSON", "YAML", "CRE2", "Clocks"]),
    module("DurableLog", ["CShims", "Clocks", "Locks"]),
    module("Workers", ["Locks", collections]),
    module("Telemetry", ["Clocks", "JSON", "Locks", logging]),
    module("Transport", ["OpenSSL", "Telemetry", "CShims", "Locks"]),
    module("HTTPServer", ["HTTP", "HTTP2", "Transport", "Telemetry", "Clocks"]),
    module("HTTPClient", ["HTTP", "HTTP2", "Transport", "OpenSSL", "Telemetry", "Clocks", collections]),
    module("OIDC", ["JOSE", "HTTP", "HTTPClient", "OpenSSL", "Telemetry", "Clocks", "Locks", logging]),
    module("Kubernetes", ["Clocks", "Events", "HTTP", "HTTPClient", "JSON", "YAML"]),
    module("Targets", ["Events", "Kubernetes", "JSON", "YAML"]),
    module(
      "Notifications", ["Clocks", "Events", "HTTP", "HTTPClient", "JSON", "Telemetry", "Workers", logging, collections]),
    module("Configuration", ["Sensors", "Targets", "Kubernetes", "JSON", "YAML", "Locks", logging]),
    module(
      "Deployer",
      [
        "Clocks", "Configuration", "DurableLog", "Events", "HTTP", "HTTPServer", "JOSE", "JSON", "Kubernetes", "Locks",
        "Notifications", "OIDC", "OpenSSL", "Sensors", "Targets", "Telemetry", "Workers", logging, collections,
      ]),
    module("TestSupport", ["Clocks", "DurableLog", "HTTP", "HTTP2", "HTTPClient", "JOSE", "JSON", "Locks", "OpenSSL"]),
    module(
      "FuzzTargets",
      ["CShims", "Clocks", "DurableLog", "Events", "HTTP", "HTTP2", "JOSE", "JSON", "Locks", "OpenSSL", "TestSupport", "YAML"]),

    .executableTarget(
      name: "relaunch",
      dependencies: [
        "Clocks", "Configuration", "Deployer", "DurableLog", "Events", "HTTP", "HTTPClient", "HTTPServer", "JOSE", "JSON",
        "Kubernetes", "Locks", "Notifications", "OIDC", "OpenSSL", "Sensors", "Targets", "Telemetry", "Transport", argumentParser,
        logging,
      ],
      swiftSettings: settings),

    tests(of: "FuzzTargets"),
    tests(of: "Clocks"),
    tests(of: "JSON"),
    tests(of: "YAML", ["JSON"]),
    tests(of: "OpenSSL"),
    tests(of: "JOSE", ["OpenSSL", "JSON"]),
    tests(of: "HTTP"),
    tests(of: "HTTP2", ["HTTP"]),
    tests(of: "Events", ["JSON", "Clocks"]),
    tests(of: "Sensors", ["Events", "JSON", "YAML", "Clocks"]),
    tests(of: "DurableLog", ["Clocks", "CShims"], files: ["Golden"]),
    tests(of: "Workers"),
    tests(of: "Telemetry", ["Clocks", logging]),
    tests(of: "Transport"),
    tests(of: "HTTPServer", ["HTTP", "HTTP2", "OpenSSL", "Transport", "Telemetry"]),
    tests(of: "HTTPClient", ["Clocks", "HTTP", "HTTP2", "HTTPServer", "OpenSSL", "Transport", "Telemetry"]),
    tests(of: "OIDC", ["JOSE", "HTTP", "HTTPClient", "OpenSSL", "JSON", "Telemetry", "Clocks", logging]),
    tests(of: "Kubernetes", ["Events", "HTTP", "HTTPClient", "JSON", "YAML", "OpenSSL", "Transport", "Clocks"]),
    tests(of: "Targets", ["Events", "Kubernetes", "JSON", "YAML"]),
    tests(of: "Notifications", ["Clocks", "Events", "HTTP", "HTTPClient", "JSON", "Telemetry", logging]),
    tests(of: "Configuration", ["Sensors", "Targets", "Kubernetes", "JSON", "YAML", "Telemetry", logging]),
    tests(
      of: "Deployer",
      [
        "Clocks", "Configuration", "DurableLog", "Events", "HTTP", "HTTPClient", "HTTPServer", "JSON", "Kubernetes",
        "Notifications", "OIDC", "OpenSSL",
        "JOSE", "Sensors", "Targets", "Telemetry", "Transport", "Workers", logging,
      ]),
    .testTarget(
      name: "ArchitectureTests", dependencies: ["Configuration", "Deployer", "Kubernetes", "TestSupport"], swiftSettings: settings
    ),
    // Runs the built server as a child process. It depends on the executable so that `swift test` never runs an old one.
    .testTarget(
      name: "IntegrationTests",
      dependencies: [
        "relaunch", "TestSupport", "Clocks", "HTTP", "HTTP2", "HTTPClient", "JOSE", "JSON", "Locks", "OpenSSL", "Transport",
      ],
      swiftSettings: settings),
  ],
  cxxLanguageStandard: .cxx17
)
