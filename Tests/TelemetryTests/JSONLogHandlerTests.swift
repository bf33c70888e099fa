import Dispatch
import Glibc
import Logging
import Telemetry
import Testing

struct JSONLogHandlerTests {
  /// A pipe that a sink writes into.
  private struct Pipe: Sendable {
    let (input, output): (Int32, Int32)

    init() {
      var ends: [Int32] = [-1, -1]
      _ = unsafe pipe(&ends)
      (input, output) = (ends[0], ends[1])
    }

    /// Everything that comes until the output is closed.
    func read() async -> String {
      await withCheckedContinuation { continuation in
        DispatchQueue(label: "test.read").async {
          var all: [UInt8] = []
          var buffer = [UInt8](repeating: 0, count: 64 << 10)
          while true {
            let count = unsafe Glibc.read(input, &buffer, buffer.count)
            guard count > 0 else { break }
            all += buffer.prefix(count)
          }
          _ = close(input)
          continuation.resume(returning: String(decoding: all, as: UTF8.self))
        }
      }
    }
  }

  private func logger(_ sink: LogSink) -> Logger { Logger(label: "test") { _ in JSONLogHandler(sink: sink) } }

  @Test func writesOneObjectALineAndEscapesWhatCouldForgeOne() async {
    let pipe = Pipe()
    let sink = LogSink(descriptor: pipe.output)
    var logger = logger(sink)
    logger[metadataKey: "b"] = "of the logger"
    logger.debug("not written")
    logger.warning("push \"refused\"\n{\"forged\": true}", metadata: ["a": "x\u{1}\\é", "c": "\(7)"])
    sink.flush()
    _ = close(pipe.output)
    let text = await pipe.read()
    let start = #"{"time":""#
    let end =
      #"","level":"warning","event":"push \"refused\"\n{\"forged\": true}","a":"x\u0001\\é","b":"of the logger","c":"7"}"#
      + "\n"
    #expect(text.hasPrefix(start) && text.hasSuffix(end), "\(text)")
    #expect(text.utf8.filter { $0 == UInt8(ascii: "\n") }.count == 1)
  }

  @Test func saysHowManyLinesItLeftOut() async throws {
    let pipe = Pipe()
    let sink = LogSink(descriptor: pipe.output)
    let logger = logger(sink)
    let message = String(repeating: "x", count: 4000)
    // More than the pipe and the sink's bound hold together, while nobody reads.
    for _ in 0..<2000 { logger.info("\(message)") }
    async let read = pipe.read()
    await withCheckedContinuation { continuation in
      DispatchQueue(label: "test.flush").async {
        sink.flush()
        continuation.resume()
      }
    }
    _ = close(pipe.output)
    let lines = await read.split(separator: "\n")
    let omission = try #require(lines.last)
    let written = lines.count - 1
    #expect(written >= 1000)
    #expect(omission == #"{"level":"warning","event":"log lines omitted","count":"\#(2000 - written)"}"#)
  }

  @Test func goesOnAfterAWriteThatFailed() async {
    let pipe = Pipe()
    // A full disk at first; then the pipe is put in its place.
    let descriptor = unsafe open("/dev/full", O_WRONLY)
    let sink = LogSink(descriptor: descriptor)
    let logger = logger(sink)
    logger.info("lost")
    sink.flush()
    #expect(dup2(pipe.output, descriptor) == descriptor)
    logger.info("kept")
    sink.flush()
    _ = close(descriptor)
    _ = close(pipe.output)
    let text = await pipe.read()
    #expect(text.contains("kept") && !text.contains("lost"))
  }
}
