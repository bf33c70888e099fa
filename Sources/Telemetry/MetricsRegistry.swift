import Locks

/// All metrics of the process, written in Prometheus' text format (exposition format 0.0.4).
///
/// A series is made once, when its owner is made, and label values come from configuration: no request can add a series.
package final class MetricsRegistry: Sendable {
  package typealias Labels = [(name: String, value: String)]

  private enum Source {
    case counter(Counter)
    case gauge(Gauge)
    case histogram(Histogram)
    case computed(@Sendable () -> Double)

    var type: String {
      switch self {
      case .counter: "counter"
      case .gauge, .computed: "gauge"
      case .histogram: "histogram"
      }
    }
  }

  private struct Family {
    let name: String
    let help: String
    var series: [(labels: Labels, source: Source)]
  }

  private let families = Mutex<[Family]>([])

  package init() {}

  /// - Parameter name: in Prometheus' grammar, starting with `relaunch_` and, for a counter, ending in `_total`.
  package func counter(_ name: String, _ help: String, _ labels: Labels = []) -> Counter {
    let counter = Counter()
    add(name, help, labels, .counter(counter))
    return counter
  }

  package func gauge(_ name: String, _ help: String, _ labels: Labels = []) -> Gauge {
    let gauge = Gauge()
    add(name, help, labels, .gauge(gauge))
    return gauge
  }

  /// A gauge whose value is asked for when metrics are read. `value` is called on any thread and must not read metrics itself.
  package func gauge(_ name: String, _ help: String, _ labels: Labels = [], value: @escaping @Sendable () -> Double) {
    add(name, help, labels, .computed(value))
  }

  /// - Parameter bounds: the buckets' upper bounds, in order.
  package func histogram(
    _ name: String, _ help: String, _ labels: Labels = [], bounds: [Double] = Histogram.latencyBounds
  ) -> Histogram {
    let histogram = Histogram(bounds: bounds)
    add(name, help, labels, .histogram(histogram))
    return histogram
  }

  private func add(_ name: String, _ help: String, _ labels: Labels, _ source: Source) {
    families.withLock { families in
      guard let index = families.firstIndex(where: { $0.name == name }) else {
        families.append(Family(name: name, help: help, series: [(labels, source)]))
        return
      }
      families[index].series.append((labels, source))
    }
  }

  /// Every family with its series, as `/metrics` answers.
  package func text() -> String {
    let families = families.withLock { $0 }
    var text = ""
    for family in families {
      text += "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.series[0].source.type)\n"
      for (labels, source) in family.series { Self.write(family.name, labels, source, to: &text) }
    }
    return text
  }

  private static func write(_ name: String, _ labels: Labels, _ source: Source, to text: inout String) {
    switch source {
    case .counter(let counter): text += "\(name)\(braced(labels)) \(counter.value)\n"
    case .gauge(let gauge): text += "\(name)\(braced(labels)) \(gauge.value)\n"
    case .computed(let value): text += "\(name)\(braced(labels)) \(number(value()))\n"
    case .histogram(let histogram):
      let state = histogram.snapshot
      var total: UInt64 = 0
      for (index, count) in state.counts.enumerated() {
        total += count
        let bound = index < histogram.bounds.count ? number(histogram.bounds[index]) : "+Inf"
        text += "\(name)_bucket\(braced(labels + [("le", bound)])) \(total)\n"
      }
      text += "\(name)_sum\(braced(labels)) \(number(state.sum))\n\(name)_count\(braced(labels)) \(total)\n"
    }
  }

  private static func braced(_ labels: Labels) -> String {
    guard !labels.isEmpty else { return "" }
    return "{" + labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",") + "}"
  }

  private static func escaped(_ value: String) -> String {
    value.reduce(into: "") { text, character in
      switch character {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.append(character)
      }
    }
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
  }
}
