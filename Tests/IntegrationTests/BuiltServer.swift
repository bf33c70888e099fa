import Testing

/// Everything here runs the built server as a child process, as its users do, and looks at it from outside only.
///
/// One test after the other: each of them starts processes, and timing that a full machine upsets is no finding.
@Suite(
  .serialized,
  .enabled(
    if: RelaunchBinary.path != nil,
    "the built server is missing: `swift build --product relaunch` makes it, RELAUNCH_BINARY names one elsewhere"))
enum BuiltServer {}
