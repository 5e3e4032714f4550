/// Figures in the text format of OpenMetrics 1.0, which Prometheus and the OpenTelemetry collector read.
package enum OpenMetrics {
  package static let mediaType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

  /// A whole exposition, its end mark with it. Each family is given once.
  package static func text(_ families: [MetricFamily]) -> String {
    var text = ""
    for family in families {
      text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
      if let unit = family.unit { text += "# UNIT \(family.name) \(unit)\n" }
      text += "# HELP \(family.name) \(escaped(family.help))\n"
      for sample in family.samples { append(sample, family, to: &text) }
    }
    return text + "# EOF\n"
  }

  private static func append(_ sample: MetricSample, _ family: MetricFamily, to text: inout String) {
    switch sample.value {
    case .integer(let value): line(family.sampleName, sample.labels, "\(value)", to: &text)
    case .real(let value): line(family.sampleName, sample.labels, number(value), to: &text)
    case .histogram(let histogram):
      var count: Int64 = 0
      for (bound, inside) in zip(histogram.bounds + [.infinity], histogram.counts) {
        count += inside
        line("\(family.name)_bucket", sample.labels + [("le", number(bound))], "\(count)", to: &text)
      }
      line("\(family.name)_count", sample.labels, "\(count)", to: &text)
      line("\(family.name)_sum", sample.labels, number(histogram.sum), to: &text)
    }
  }

  private static func line(
    _ name: String, _ labels: [(name: String, value: String)], _ value: String, to text: inout String
  ) {
    text += name
    if !labels.isEmpty {
      text += "{" + labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",") + "}"
    }
    text += " \(value)\n"
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    return value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
  }

  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for character in text.unicodeScalars {
      switch character {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(character)
      }
    }
    return escaped
  }
}

/// One figure and all its label values.
package struct MetricFamily: Sendable {
  package enum Kind: String, Sendable {
    case counter, gauge, histogram
  }

  /// Without `_total`; ends in the unit, if it has one.
  package let name: String
  package let kind: Kind
  package let unit: String?
  /// One sentence.
  package let help: String
  package var samples: [MetricSample]

  package init(_ name: String, _ kind: Kind, unit: String? = nil, help: String, _ samples: [MetricSample] = []) {
    precondition(Self.isName(name), "\(name) is no metric's name")
    precondition(unit.map { name.hasSuffix("_\($0)") } ?? true, "\(name) does not end in its unit")
    self.name = name
    self.kind = kind
    self.unit = unit
    self.help = help
    self.samples = samples
  }

  fileprivate var sampleName: String { kind == .counter ? "\(name)_total" : name }

  fileprivate static func isName(_ name: String) -> Bool {
    name.wholeMatch(of: #/[a-zA-Z_][a-zA-Z0-9_]*/#) != nil && !name.hasSuffix("_total")
  }
}

/// One value under its labels, which differ from those of every other sample of the family.
package struct MetricSample: Sendable {
  package enum Value: Sendable {
    case integer(Int64)
    case real(Double)
    case histogram(Histogram)
  }

  package let labels: [(name: String, value: String)]
  package let value: Value

  package init(_ value: Value, _ labels: [(name: String, value: String)] = []) {
    for label in labels { precondition(MetricFamily.isName(label.name), "\(label.name) is no label's name") }
    self.labels = labels
    self.value = value
  }
}

/// How often values fell where.
package struct Histogram: Sendable {
  /// Upper ends of the buckets, ascending; one more bucket holds what is beyond.
  package let bounds: [Double]
  /// Of each bucket alone, one more than `bounds`.
  package private(set) var counts: [Int64]
  package private(set) var sum = 0.0

  package init(bounds: [Double]) {
    precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds ascend")
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  package mutating func observe(_ value: Double) {
    counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
    sum += value
  }
}
