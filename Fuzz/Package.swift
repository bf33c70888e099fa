// swift-tools-version: 6.2
import PackageDescription

// A package of its own, for an executable whose `main` is in libFuzzer can only be linked with -sanitize=fuzzer: in the other
// package it would break every ordinary build. The code under test has `package` access, which this package has not; so what is done
// to it stands there, in `FuzzTargets`, where ordinary builds compile it and ordinary tests run it. See scripts/fuzz.
let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "relaunch", path: "..")],
  targets: [
    .executableTarget(
      name: "fuzz",
      dependencies: [.product(name: "FuzzTargets", package: "relaunch")],
      swiftSettings: [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
        .unsafeFlags(["-parse-as-library"]),
      ])
  ]
)
