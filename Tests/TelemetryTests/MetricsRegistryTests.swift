import Telemetry
import Testing

struct MetricsRegistryTests {
  @Test func writesThePrometheusTextFormat() {
    let registry = MetricsRegistry()
    let counter = registry.counter("relaunch_pushes_total", "Pushes.", [("source", "gar"), ("result", "a\"b\\c\nd")])
    registry.counter("relaunch_pushes_total", "Pushes.", [("source", "other")]).add(2)
    let gauge = registry.gauge("relaunch_open", "Open things.")
    registry.gauge("relaunch_age_seconds", "Age.") { 1.5 }
    let histogram = registry.histogram("relaunch_wait_seconds", "Waits.", [("step", "x")], bounds: [0.1, 1])
    counter.add()
    gauge.add(5)
    gauge.add(-7)
    for value in [0.1, 0.25, 3] { histogram.observe(value) }
    histogram.observe(.milliseconds(650))
    #expect(
      registry.text() == #"""
        # HELP relaunch_pushes_total Pushes.
        # TYPE relaunch_pushes_total counter
        relaunch_pushes_total{source="gar",result="a\"b\\c\nd"} 1
        relaunch_pushes_total{source="other"} 2
        # HELP relaunch_open Open things.
        # TYPE relaunch_open gauge
        relaunch_open -2
        # HELP relaunch_age_seconds Age.
        # TYPE relaunch_age_seconds gauge
        relaunch_age_seconds 1.5
        # HELP relaunch_wait_seconds Waits.
        # TYPE relaunch_wait_seconds histogram
        relaunch_wait_seconds_bucket{step="x",le="0.1"} 1
        relaunch_wait_seconds_bucket{step="x",le="1"} 3
        relaunch_wait_seconds_bucket{step="x",le="+Inf"} 4
        relaunch_wait_seconds_sum{step="x"} 4
        relaunch_wait_seconds_count{step="x"} 4

        """#)
  }
}
