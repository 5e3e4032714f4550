// The wire's alphabet: little-endian numbers, counted lists. Both ends are of one build and say so, so nothing here
// carries a version. What is read is never believed: the other end may be broken, or somebody else's by now.

import Media

/// What can cross the seam.
protocol Wired {
  init(from wire: inout WireReader) throws(WireError)
  func write(to wire: inout WireWriter)
}

/// What came over the wire is not what was agreed.
struct WireError: Error, Hashable, CustomStringConvertible {
  let what: String

  init(_ what: String) { self.what = what }

  var description: String { "not understood: \(what)" }
}

/// Bytes of one message, growing.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func integer<Value: FixedWidthInteger>(_ value: Value) {
    var rest = value
    for _ in 0..<Value.bitWidth / 8 {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  mutating func raw(_ more: some Sequence<UInt8>) { bytes += more }

  mutating func list<Element>(_ elements: [Element], _ write: (inout WireWriter, Element) -> Void) {
    integer(UInt32(elements.count))
    for element in elements { write(&self, element) }
  }

  mutating func list<Element: Wired>(_ elements: [Element]) { list(elements) { $1.write(to: &$0) } }

  mutating func optional<Value: Wired>(_ value: Value?) {
    integer(UInt8(value == nil ? 0 : 1))
    value?.write(to: &self)
  }

  /// Numbers as they lie in memory, which is little-endian on all that Debian runs on.
  mutating func numbers(_ values: [Float]) {
    integer(UInt32(values.count))
    unsafe values.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
  }
}

/// Reads one message from its beginning to its end.
struct WireReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var left: Int { bytes.count - position }

  /// In bytes.
  private static let longestWords = 1024

  /// Microseconds since 1970 within 30 000 years.
  static let moments: ClosedRange<Int64> = -(1 << 60)...1 << 60

  /// - Throws: where something is left over.
  func finish() throws(WireError) { if left > 0 { throw WireError("\(left) bytes too many") } }

  mutating func integer<Value: FixedWidthInteger>(_: Value.Type = Value.self) throws(WireError) -> Value {
    let size = Value.bitWidth / 8
    guard left >= size else { throw WireError("it ends too early") }
    var value: Value = 0
    for n in 0..<size { value |= Value(truncatingIfNeeded: bytes[position + n]) << (8 * n) }
    position += size
    return value
  }

  mutating func read<Value: Wired>(_: Value.Type = Value.self) throws(WireError) -> Value { try Value(from: &self) }

  mutating func optional<Value: Wired>(_: Value.Type = Value.self) throws(WireError) -> Value? {
    try read(Bool.self) ? try read() : nil
  }

  /// A count is believed as far as there are bytes for it: each element has one at least.
  mutating func count() throws(WireError) -> Int {
    let count = Int(try integer(UInt32.self))
    guard count <= left else { throw WireError("a list of \(count) in \(left) bytes") }
    return count
  }

  mutating func list<Element: Wired>(_: Element.Type = Element.self) throws(WireError) -> [Element] {
    let count = try count()
    var elements: [Element] = []
    for _ in 0..<count { elements.append(try read()) }
    return elements
  }

  /// Words for people, which go into logs and answers: no more than a line.
  mutating func words() throws(WireError) -> String {
    harmless(String(decoding: try read(String.self).utf8.prefix(Self.longestWords), as: UTF8.self))
  }

  mutating func raw(_ count: Int) throws(WireError) -> ArraySlice<UInt8> {
    guard count <= left else { throw WireError("it ends too early") }
    defer { position += count }
    return bytes[position..<position + count]
  }

  mutating func numbers() throws(WireError) -> [Float] {
    let count = try count()
    let part = try raw(4 * count)
    return unsafe [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      unsafe part.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
      filled = count
    }
  }
}

extension Bool: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    switch try wire.integer(UInt8.self) {
    case 0: self = false
    case 1: self = true
    case let other: throw WireError("\(other) for yes or no")
    }
  }

  func write(to wire: inout WireWriter) { wire.integer(UInt8(self ? 1 : 0)) }
}

extension Int64: Wired {
  init(from wire: inout WireReader) throws(WireError) { self = try wire.integer() }
  func write(to wire: inout WireWriter) { wire.integer(self) }
}

extension Int: Wired {
  init(from wire: inout WireReader) throws(WireError) { self = Int(try wire.integer(Int64.self)) }
  func write(to wire: inout WireWriter) { wire.integer(Int64(self)) }
}

extension Float: Wired {
  init(from wire: inout WireReader) throws(WireError) { self = Float(bitPattern: try wire.integer()) }
  func write(to wire: inout WireWriter) { wire.integer(bitPattern) }
}

extension Double: Wired {
  init(from wire: inout WireReader) throws(WireError) { self = Double(bitPattern: try wire.integer()) }
  func write(to wire: inout WireWriter) { wire.integer(bitPattern) }
}

extension String: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    let count = try wire.count()
    guard let text = String(validating: try wire.raw(count), as: UTF8.self) else {
      throw WireError("a text not in UTF-8")
    }
    self = text
  }

  func write(to wire: inout WireWriter) {
    wire.integer(UInt32(utf8.count))
    wire.raw(utf8)
  }
}

extension Wired where Self: RawRepresentable, RawValue == String {
  init(from wire: inout WireReader) throws(WireError) {
    let name = try wire.read(String.self)
    guard let value = Self(rawValue: name) else { throw WireError("\(Self.self) named \(name)") }
    self = value
  }

  func write(to wire: inout WireWriter) { rawValue.write(to: &wire) }
}
