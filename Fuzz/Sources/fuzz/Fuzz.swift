import FoundationEssentials
import FuzzTargets

/// The target that RELAUNCH_FUZZ names. One program for all of them: each would be linked with the same code, which takes a minute.
private let target: FuzzTarget = {
  let name = ProcessInfo.processInfo.environment["RELAUNCH_FUZZ"] ?? ""
  guard let target = FuzzTarget(rawValue: name) else {
    fatalError("RELAUNCH_FUZZ is \(name.debugDescription), which is none of \(FuzzTarget.allCases.map(\.rawValue))")
  }
  return target
}()

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // libFuzzer lends `count` bytes at `bytes` for the length of the call.
  let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
  do {
    try target.check(input)
  } catch {
    // Not `precondition`: a release build leaves its sentence out.
    fatalError("\(target.rawValue): \(error)")
  }
  return 0
}
