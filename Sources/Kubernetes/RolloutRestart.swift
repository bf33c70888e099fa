package import Clocks
import HTTP
import JSON

/// `kubectl rollout restart deployment/NAME`, made safe to repeat: one GET, a decision, one PATCH bound to the version that was
/// read.
///
/// The Deployment itself remembers what was done, and the API server arbitrates between replicas of ours. Where an answer is
/// lost, the next attempt with the same planned value finds the work done.
package struct RolloutRestart: Sendable {
  /// The pod template's annotation whose change makes the Deployment controller roll. kubectl's own.
  package static let restartedAtAnnotation = "kubectl.kubernetes.io/restartedAt"
  /// The Deployment's annotation that holds a `RestartProvenance`. On the template it would itself make pods roll.
  package static let provenanceAnnotation = "relaunch.dev/last-restart"
  /// How often one attempt reads and patches before it gives up against other writers.
  package static let roundsLimit = 5

  private let client: APIClient
  private let clock: any WallClock

  package init(client: APIClient, clock: any WallClock = SystemWallClock()) {
    self.client = client
    self.clock = clock
  }

  /// Brings `request` to its end, or throws.
  ///
  /// - Parameter willPatch: called before a patch is sent, whenever its value is not `request.planned` and not the value of the
  ///   call before. What it journals is the next attempt's `planned`. If it throws, nothing is sent. A dry run does not call it.
  package func run(
    _ request: RestartRequest, willPatch: (RestartPlan) async throws -> Void
  ) async throws(RestartError) -> RestartReport {
    var request = request
    for _ in 0..<Self.roundsLimit {
      let deployment = try await read(request)
      let notes = Self.notes(deployment, for: request)
      switch Self.decide(deployment, for: request, now: clock.now()) {
      case .finish(let outcome): return RestartReport(outcome: outcome, notes: notes)
      case .refusePaused: throw .paused(call(.get, request))
      case .patch(let plan):
        if request.isDryRun { return RestartReport(outcome: .wouldRestart(value: plan.value), notes: notes) }
        if plan.value != request.planned {
          do { try await willPatch(plan) } catch { throw .notJournaled(error) }
          request.planned = plan.value
        }
        if let outcome = try await patch(deployment, plan, request) { return RestartReport(outcome: outcome, notes: notes) }
      }
    }
    throw .contended(call(.patch, request), rounds: Self.roundsLimit)
  }

  private func read(_ request: RestartRequest) async throws(RestartError) -> Deployment {
    do throws(APIError) {
      let object = try await client.get(.deployments, namespace: request.namespace, name: request.name)
      return try Self.deployment(object, call(.get, request))
    } catch { throw .api(error) }
  }

  /// - Returns: nil where the Deployment is not the one that was read any more.
  private func patch(
    _ deployment: Deployment, _ plan: RestartPlan, _ request: RestartRequest
  ) async throws(RestartError) -> RestartOutcome? {
    let value = plan.value.rfc3339WholeSeconds
    // Taken before the patch is sent: pods are replaced after this instant, never before it.
    let provenance = RestartProvenance(
      messageID: request.messageID, restartedAt: value, at: clock.now(), image: request.image)
    let changed: Deployment
    do throws(APIError) {
      let object = try await client.patch(
        .deployments, namespace: plan.namespace, name: plan.name, Self.body(plan, value, provenance), type: .strategicMerge,
        fieldManager: "kubectl-rollout")
      changed = try Self.deployment(object, call(.patch, request))
    } catch {
      if case .retry(.conflict, _) = error.disposition { return nil }
      throw .api(error)
    }
    guard changed.generation > deployment.generation, changed.restartedAt == value else {
      throw .unchanged(call(.patch, request), value: value, generation: changed.generation)
    }
    return .restarted(value: plan.value, generation: changed.generation, resourceVersion: changed.resourceVersion)
  }

  private static func body(_ plan: RestartPlan, _ value: String, _ provenance: RestartProvenance) -> JSONValue {
    [
      "metadata": [
        "resourceVersion": .string(plan.resourceVersion),
        "annotations": [provenanceAnnotation: .string(provenance.annotation)],
      ],
      "spec": ["template": ["metadata": ["annotations": [restartedAtAnnotation: .string(value)]]]],
    ]
  }

  private static func deployment(_ object: JSONValue, _ call: APICall) throws(APIError) -> Deployment {
    guard let deployment = Deployment(object) else {
      throw .unreadable(call, reason: "it has no metadata.resourceVersion or metadata.generation")
    }
    return deployment
  }

  private func call(_ verb: APICall.Verb, _ request: RestartRequest) -> APICall {
    APICall(verb, .deployments, namespace: request.namespace, name: request.name)
  }
}
