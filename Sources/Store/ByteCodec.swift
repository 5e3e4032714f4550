extension [UInt8] {
  /// Little-endian.
  mutating func append(_ value: some FixedWidthInteger) {
    for shift in stride(from: 0, to: value.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  /// With its length in two bytes before it.
  mutating func append(text: String) {
    append(UInt16(text.utf8.count))
    append(contentsOf: text.utf8)
  }
}

/// Bytes that may be anything: every length is checked before it is used.
struct ByteReader {
  struct Fault: Error {}

  /// So small that sums of all there can be do not overflow.
  static let mostLength = 1 << 40 - 1

  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  var isEmpty: Bool { rest.isEmpty }

  mutating func bytes(_ count: Int) throws(Fault) -> ArraySlice<UInt8> {
    guard count <= rest.count else { throw Fault() }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  /// Little-endian.
  mutating func integer<Value: FixedWidthInteger>(_: Value.Type = Value.self) throws(Fault) -> Value {
    try bytes(Value.bitWidth / 8).reversed().reduce(0) { $0 << 8 | Value($1) }
  }

  /// Of eight bytes.
  mutating func length() throws(Fault) -> Int {
    let value: UInt64 = try integer()
    guard value <= Self.mostLength else { throw Fault() }
    return Int(value)
  }

  mutating func text() throws(Fault) -> String {
    let length: UInt16 = try integer()
    guard let text = String(validating: try bytes(Int(length)), as: UTF8.self) else { throw Fault() }
    return text
  }
}
