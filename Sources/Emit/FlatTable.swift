/// Reads FlatBuffers that may be hostile: every access is checked against the bytes, and every count against a limit.
struct FlatTable {
  /// Many fields may share one string, so its length counts many times.
  static let stringLimit = 64 << 10

  private let bytes: [UInt8]
  private let start: Int
  private let vtable: Int
  private let slotCount: Int

  /// The root table of a buffer.
  init(root bytes: [UInt8]) throws(ArrowFault) {
    try self.init(bytes, at: Int(bytes.integer(at: 0, UInt32.self)))
  }

  private init(_ bytes: [UInt8], at start: Int) throws(ArrowFault) {
    self.bytes = bytes
    self.start = start
    vtable = start - Int(try bytes.integer(at: start, Int32.self))
    slotCount = (Int(try bytes.integer(at: vtable, UInt16.self)) - 4) / 2
  }

  func integer<Value: FixedWidthInteger>(_ slot: Int, default fallback: Value = 0) throws(ArrowFault) -> Value {
    guard let place = try place(slot) else { return fallback }
    return try bytes.integer(at: place, Value.self)
  }

  func table(_ slot: Int) throws(ArrowFault) -> FlatTable? {
    guard let target = try target(slot) else { return nil }
    return try FlatTable(bytes, at: target)
  }

  func string(_ slot: Int) throws(ArrowFault) -> String? {
    guard let target = try target(slot) else { return nil }
    let count = Int(try bytes.integer(at: target, UInt32.self))
    guard count <= min(Self.stringLimit, bytes.count - target - 4) else {
      throw .malformed("a string that is too long")
    }
    guard let text = String(validating: bytes[target + 4..<target + 4 + count], as: UTF8.self) else {
      throw .malformed("a string that is not UTF-8")
    }
    return text
  }

  /// The tables of a vector, at most `limit`; empty where the slot is.
  func tables(_ slot: Int, limit: Int) throws(ArrowFault) -> [FlatTable] {
    guard let (first, count) = try vector(slot, stride: 4, limit: limit) else { return [] }
    var tables: [FlatTable] = []
    for index in 0..<count {
      let place = first + 4 * index
      tables.append(try FlatTable(bytes, at: place + Int(try bytes.integer(at: place, UInt32.self))))
    }
    return tables
  }

  /// A vector of structs of two int64, at most `limit`.
  func pairs(_ slot: Int, limit: Int) throws(ArrowFault) -> [(Int64, Int64)] {
    guard let (first, count) = try vector(slot, stride: 16, limit: limit) else { return [] }
    var pairs: [(Int64, Int64)] = []
    for place in stride(from: first, to: first + 16 * count, by: 16) {
      pairs.append((try bytes.integer(at: place, Int64.self), try bytes.integer(at: place + 8, Int64.self)))
    }
    return pairs
  }

  private func vector(_ slot: Int, stride: Int, limit: Int) throws(ArrowFault) -> (first: Int, count: Int)? {
    guard let target = try target(slot) else { return nil }
    let count = Int(try bytes.integer(at: target, UInt32.self))
    guard count <= limit, count * stride <= bytes.count - target - 4 else {
      throw .malformed("a vector beyond its message")
    }
    return (target + 4, count)
  }

  /// Where the value of a slot lies; nil where it has none.
  private func place(_ slot: Int) throws(ArrowFault) -> Int? {
    guard slot < slotCount else { return nil }
    let offset = Int(try bytes.integer(at: vtable + 4 + 2 * slot, UInt16.self))
    return offset == 0 ? nil : start + offset
  }

  /// Where the object that a slot refers to lies.
  private func target(_ slot: Int) throws(ArrowFault) -> Int? {
    guard let place = try place(slot) else { return nil }
    return place + Int(try bytes.integer(at: place, UInt32.self))
  }
}

/// What is wrong with an Arrow stream.
enum ArrowFault: Error, Hashable {
  case malformed(String)
}

extension [UInt8] {
  /// The little-endian integer at `place`.
  func integer<Value: FixedWidthInteger>(at place: Int, _: Value.Type) throws(ArrowFault) -> Value {
    let size = Value.bitWidth / 8
    guard place >= 0, place <= count - size else { throw .malformed("an offset beyond its message") }
    var value: Value = 0
    for index in (0..<size).reversed() { value = value << 8 | Value(truncatingIfNeeded: self[place + index]) }
    return value
  }

  /// The first `count` of these little-endian integers.
  func integers<Value: FixedWidthInteger>(_ count: Int, _: Value.Type) throws(ArrowFault) -> [Value] {
    let size = Value.bitWidth / 8
    guard count <= self.count / size else { throw .malformed("fewer values than rows") }
    return try (0..<count).map { row throws(ArrowFault) in try integer(at: size * row, Value.self) }
  }

  /// Of a validity bitmap, which is left empty where all rows are present.
  func isPresent(_ row: Int) -> Bool {
    isEmpty || (row / 8 < count && self[row / 8] >> UInt8(row % 8) & 1 == 1)
  }
}
