import JSON
import TestSupport
import Testing
import YAML

/// The document that the project starts from holds YAML between its paragraphs; it must load as it stands.
@Suite(.enabled(if: SharedData.isPresent, "the shared data does not stand beside the checkout"))
struct SeedDocumentTests {
  @Test func loadsVerbatim() throws {
    let documents = try Self.regions().flatMap { try YAMLStream.parse($0) }
    #expect(documents.map { $0["kind"]?.string } == ["EventSource", "Sensor", "WorkflowTemplate", "ConfigMap"])
    #expect(
      documents.map { $0["metadata"]?["name"]?.string } == [
        "gcr-events", "deployment-restart-sensor", "image-deployment-restart-template", "deployment-mapping-cache",
      ])
  }

  @Test func keepsWhatTheSensorSays() throws {
    let sensor = try #require(try YAMLStream.parse(Self.regions()[0]).last)
    let filters = sensor["spec"]?["dependencies"]?[0]?["filters"]?["data"]
    #expect(
      filters?.json == [
        ["path": "$.action", "type": "string", "value": ["INSERT"]],
        ["path": "$.digest", "type": "string", "value": ["^sha256:.*"]],
      ])
    let parameters = sensor["spec"]?["triggers"]?[0]?["template"]?["argoWorkflow"]?["parameters"]?.elements
    #expect(
      parameters?.map { $0["dest"]?.string } == ["parameters.image-tag", "parameters.image-name", "parameters.target-deployment"])
  }

  @Test func keepsTheMappingOfTheConfigMap() throws {
    let map = try #require(try YAMLStream.parse(Self.regions()[2]).first)
    #expect(
      map["data"]?.json == [
        "my-app-frontend": [
          "deploymentName": "frontend-deployment", "namespace": "default", "postRolloutHook": "trigger-health-check-workflow",
        ],
        "my-app-backend": ["deploymentName": "backend-service", "namespace": "backend-ns", "slackChannel": "#backend-alerts"],
      ])
  }

  /// The runs of YAML lines: each starts at an `apiVersion:` in the first column and ends where prose begins.
  private static func regions() throws -> [String] {
    var regions: [String] = []
    var isInside = false
    for line in try SharedData.text("seed/event-driven-deployments.txt").split(separator: "\n", omittingEmptySubsequences: false)
    {
      if !isInside, line.hasPrefix("apiVersion:") {
        isInside = true
        regions.append("")
      }
      // Prose is what starts in the first column and is neither a key, a comment nor a document mark.
      let isYAML =
        line.hasPrefix(" ") || line.hasPrefix("#") || line.hasPrefix("---")
        || line.split(separator: " ").first?.hasSuffix(":") == true
      isInside = isInside && isYAML
      if isInside { regions[regions.count - 1] += line + "\n" }
    }
    return regions
  }
}
