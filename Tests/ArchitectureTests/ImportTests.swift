import Testing

/// The walls between the targets. Package.swift states them too, but lets a target import whatever its imports import.
struct ImportTests {
  private static func targets() throws -> [String] { try Repository.names(in: "Sources") }

  @Test func theTableNamesEachTargetOnce() throws {
    #expect(try ModuleTable.load().rows.map(\.target).sorted() == (try Self.targets()))
  }

  @Test(arguments: try Self.targets())
  func importsOnlyWhatTheTableAllows(target: String) throws {
    let allowed = try #require(try ModuleTable.load()[target]).imports.union(ImportStatements.platform)
    let wrong = try ImportStatements.all(below: "Sources/\(target)").filter { !allowed.contains($0.module) }
    #expect(wrong.map { "\($0.file) imports \($0.module)" } == [])
  }

  @Test(arguments: try Self.targets())
  func usesEveryImportThatTheTableAllows(target: String) throws {
    // C targets have no import statements.
    let used = Set(try ImportStatements.all(below: "Sources/\(target)").map(\.module))
    #expect(try #require(try ModuleTable.load()[target]).imports.subtracting(used) == [])
  }

  /// It would add about 44 MB to the binary. Tests may have it: only it can start processes.
  @Test func nothingThatIsShippedImportsAllOfFoundation() throws {
    #expect(try ImportStatements.all(below: "Sources").filter { $0.module == "Foundation" }.map(\.file) == [])
  }

  @Test(arguments: [
    ("import JSON", "JSON"), ("package import JSON", "JSON"), ("@testable import Sensors", "Sensors"),
    ("@_spi(Testing) public import HTTP", "HTTP"), ("import struct Dispatch.DispatchTime", "Dispatch"), ("// import JSON", nil),
    ("  important()", nil),
  ])
  func findsTheModuleOfAnImport(line: String, module: String?) {
    #expect(ImportStatements.module(in: line[...]) == module)
  }
}
