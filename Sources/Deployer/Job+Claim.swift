import Configuration
import Sensors
import Workers

extension Job {
  /// What an attempt takes up beside a worker.
  ///
  /// - Parameter hasCrashed: whether the process ended in the last attempt. Such jobs run one at a time: if it ends again, it is known
  ///   in which of them.
  func claim(_ limits: LimitSettings, hasCrashed: Bool = false) -> WorkClaim {
    var claim = WorkClaim(rate: firing.rateLimit.map { WorkClaim.Rate(trigger, interval: $0.interval, slack: RateLimit.slack) })
    if limits.workersPerNamespace > 0, case .restart(_, let namespace, _) = firing.action {
      claim.groups.append(WorkClaim.Group("namespace \(namespace)", limit: limits.workersPerNamespace))
    }
    if limits.workersPerTrigger > 0 {
      claim.groups.append(WorkClaim.Group("trigger \(trigger)", limit: limits.workersPerTrigger))
    }
    if hasCrashed { claim.groups.append(WorkClaim.Group("crashed", limit: 1)) }
    return claim
  }

  /// Two Sensors may have triggers of one name. Argo runs each Sensor in a process of its own.
  private var trigger: String { "\(firing.sensor)/\(firing.trigger)" }
}
