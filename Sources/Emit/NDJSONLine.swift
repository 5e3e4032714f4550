import Media

/// What the front of a line of NDJSON tells: whose record it is.
struct NDJSONPrefix {
  let progress: ResumePoint.Progress

  /// Nil where the line is not a record.
  init?(_ line: ArraySlice<UInt8>) {
    var scanner = JSONScanner(line)
    guard line.last == UInt8(ascii: "}"),
      scanner.key(after: "{") == "source", case .text(let source)? = scanner.value(),
      scanner.key(after: ",") == "status", case .text(let status)? = scanner.value(),
      scanner.key(after: ",") == "epoch", let epoch = scanner.value(),
      scanner.key(after: ",") == "window", let window = scanner.value()
    else { return nil }
    progress = ResumePoint.Progress(
      source: source, status: status, epoch: epoch.integer.flatMap { Int32(exactly: $0) }, window: window.integer)
  }
}

/// The keys of a line of NDJSON, and how it shows vectors.
struct NDJSONShape {
  private var keys: [String] = []
  /// The kinds of values found under the keys.
  private var values: [JSONScanner.Value] = []

  /// Nil where the line is not one object.
  init?(_ line: ArraySlice<UInt8>) {
    var scanner = JSONScanner(line)
    var mark: Unicode.Scalar = "{"
    while let key = scanner.key(after: mark), let value = scanner.value() {
      keys.append(key)
      values.append(value)
      mark = ","
    }
    guard scanner.skip("}"), scanner.isAtEnd else { return nil }
  }

  /// Whether a line of such records could look so. A null does not tell how vectors are shown.
  func fits(_ layout: RecordLayout, _ form: VectorForm) -> Bool {
    let columns = layout.recordColumns.filter { form != .none || !$0.holdsVectors }
    return keys == columns.map(\.name) && zip(columns, values).allSatisfy { $0.isVector ? $1.fits(form) : true }
  }
}

extension JSONScanner.Value {
  fileprivate var integer: Int64? { if case .integer(let value) = self { value } else { nil } }

  fileprivate func fits(_ form: VectorForm) -> Bool {
    switch self {
    case .null: true
    case .text: form == .base64
    default: form == .array
    }
  }
}

extension RecordColumn {
  fileprivate var isVector: Bool { if case .vector = kind { true } else { false } }
}
