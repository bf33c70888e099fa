import HTTP
import Testing

struct HTTPFieldsTests {
  private let fields = HTTPFields([(.accept, "text/html"), ("ACCEPT", "x, Close ,y"), (.host, "é")])

  @Test func findsFieldsWithoutRegardToCase() {
    #expect(fields["Accept"] == "text/html")
    #expect(fields.values(of: .accept).map { String(decoding: $0, as: UTF8.self) } == ["text/html", "x, Close ,y"])
    #expect(fields.count(of: .accept) == 2)
    #expect(fields[.host] == "é")
    #expect(fields["accep"] == nil)
  }

  @Test func findsMembersOfLists() {
    #expect(fields.lists("close", in: .accept))
    #expect(!fields.lists("clos", in: .accept))
    #expect(!fields.lists("close", in: .host))
  }

  @Test func isEqualByNamesAndValues() {
    #expect(HTTPFields([("A", "b")]) == HTTPFields([("a", "b")]))
    #expect(HTTPFields([("a", "b")]) != HTTPFields([("a", "B")]))
  }

  @Test func targetsSplitAtTheQuery() {
    #expect(HTTPRequest(method: .get, target: "/a?b?c").path == "/a")
    #expect(HTTPRequest(method: .get, target: "/a?b?c").query == "b?c")
    #expect(HTTPRequest(method: .get, target: "/a").query == nil)
  }
}
