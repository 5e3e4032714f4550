import Testing

@testable import Serve

@Suite struct OpenMetricsTests {
  @Test func everyKindOfFigureHasItsLines() {
    var lag = Histogram(bounds: [0.1, 1])
    for value in [0.1, 0.5, 0.25, 7] { lag.observe(value) }
    let text = OpenMetrics.text([
      MetricFamily("tandem_windows", .counter, help: "Windows given.", [MetricSample(.integer(7), [("source", "a")])]),
      MetricFamily("tandem_memory_bytes", .gauge, unit: "bytes", help: "Memory in use.", [MetricSample(.real(1.5e9))]),
      MetricFamily("tandem_lag_seconds", .histogram, unit: "seconds", help: "Lag.", [MetricSample(.histogram(lag))]),
    ])
    #expect(
      text == """
        # TYPE tandem_windows counter
        # HELP tandem_windows Windows given.
        tandem_windows_total{source="a"} 7
        # TYPE tandem_memory_bytes gauge
        # UNIT tandem_memory_bytes bytes
        # HELP tandem_memory_bytes Memory in use.
        tandem_memory_bytes 1500000000.0
        # TYPE tandem_lag_seconds histogram
        # UNIT tandem_lag_seconds seconds
        # HELP tandem_lag_seconds Lag.
        tandem_lag_seconds_bucket{le="0.1"} 1
        tandem_lag_seconds_bucket{le="1.0"} 3
        tandem_lag_seconds_bucket{le="+Inf"} 4
        tandem_lag_seconds_count 4
        tandem_lag_seconds_sum 7.85
        # EOF

        """)
  }

  @Test func labelsAndHelpAreEscaped() {
    let family = MetricFamily(
      "x", .gauge, help: "a\\b\n\"c\"", [MetricSample(.real(.nan), [("source", "a\"b\\c\nd"), ("kind", "é")])])
    #expect(
      OpenMetrics.text([family]) == """
        # TYPE x gauge
        # HELP x a\\\\b\\n\\"c\\"
        x{source="a\\"b\\\\c\\nd",kind="é"} NaN
        # EOF

        """)
  }

  @Test func infinitiesHaveTheirNames() {
    let samples = [MetricSample(.real(.infinity), [("l", "1")]), MetricSample(.real(-.infinity), [("l", "2")])]
    let text = OpenMetrics.text([MetricFamily("x", .gauge, help: "h", samples)])
    #expect(text.contains("x{l=\"1\"} +Inf\nx{l=\"2\"} -Inf\n"))
  }

  @Test func anEmptyExpositionHasItsEndMark() { #expect(OpenMetrics.text([]) == "# EOF\n") }
}
