/// A JSON value to be written; for the small machine-readable answers of the commands.
package indirect enum JSON: Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Float)
  case text(String)
  case list([JSON])
  /// In the order given.
  case object([(key: String, value: JSON)])

  /// An optional's value, or null.
  package init<Value>(_ value: Value?, _ make: (Value) -> JSON) { self = value.map(make) ?? .null }

  /// On one line.
  package var line: String {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private func write(to bytes: inout [UInt8]) {
    switch self {
    case .null: bytes.appendNull()
    case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
    case .integer(let value): bytes.appendJSON(value)
    case .number(let value): value.isFinite ? bytes.appendJSON(value) : bytes.appendNull()
    case .text(let value): bytes.appendJSON(value)
    case .list(let values):
      bytes.append(ascii: "[")
      for (n, value) in values.enumerated() {
        if n > 0 { bytes.append(ascii: ",") }
        value.write(to: &bytes)
      }
      bytes.append(ascii: "]")
    case .object(let members):
      bytes.append(ascii: "{")
      for (n, member) in members.enumerated() {
        if n > 0 { bytes.append(ascii: ",") }
        bytes.appendJSON(member.key)
        bytes.append(ascii: ":")
        member.value.write(to: &bytes)
      }
      bytes.append(ascii: "}")
    }
  }
}
