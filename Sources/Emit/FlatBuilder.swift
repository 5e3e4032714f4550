/// Writes FlatBuffers: as much of them as Arrow's messages need. They are built back to front, so the bytes are
/// kept reversed and turned round once, in `finish`.
/// Source: FlatBuffers, "Internals".
struct FlatBuilder {
  /// Where an object lies: its distance from the end of the buffer.
  struct Reference {
    fileprivate let fromEnd: Int
  }

  enum Value {
    case u8(UInt8)
    case i16(Int16)
    case i32(Int32)
    case i64(Int64)
    case reference(Reference)
  }

  private var reversed: [UInt8] = []

  init() { reversed.reserveCapacity(4096) }

  mutating func string(_ text: String) -> Reference {
    let bytes = Array(text.utf8)
    align(4, before: bytes.count + 1)
    reversed.append(0)
    reversed.append(contentsOf: bytes.reversed())
    return put(UInt32(bytes.count))
  }

  mutating func vector(_ elements: [Reference]) -> Reference {
    align(4)
    for element in elements.reversed() { put(.reference(element)) }
    return put(UInt32(elements.count))
  }

  /// A vector of structs of two int64 each: field nodes, buffers.
  mutating func pairs(_ words: [Int64]) -> Reference {
    align(8, before: 0)
    for word in words.reversed() { put(word) }
    return put(UInt32(words.count / 2))
  }

  /// A table with the fields at the given slots; the others keep their defaults.
  mutating func table(_ fields: [(slot: Int, value: Value)]) -> Reference {
    let end = reversed.count
    var places: [Int: Int] = [:]
    for field in fields.sorted(by: { $0.value.size > $1.value.size }) {
      put(field.value)
      places[field.slot] = reversed.count
    }
    align(4)
    let table = put(Int32(0))  // becomes the distance to the vtable
    let slotCount = (places.keys.max() ?? -1) + 1
    for slot in (0..<slotCount).reversed() { put(UInt16(places[slot].map { table.fromEnd - $0 } ?? 0)) }
    put(UInt16(table.fromEnd - end))
    put(UInt16(4 + 2 * slotCount))
    let distance = UInt32(reversed.count - table.fromEnd)
    for index in 0..<4 {
      reversed[table.fromEnd - 1 - index] = UInt8(truncatingIfNeeded: distance >> UInt32(8 * index))
    }
    return table
  }

  /// The buffer with `root` as its root table; its length is a multiple of 8.
  mutating func finish(_ root: Reference) -> [UInt8] {
    align(8, before: 4)
    put(.reference(root))
    return reversed.reversed()
  }

  /// Pads so that after `extra` more bytes the next object lies at a multiple of `size` from the end.
  private mutating func align(_ size: Int, before extra: Int = 0) {
    while (reversed.count + extra) % size != 0 { reversed.append(0) }
  }

  @discardableResult
  private mutating func put(_ value: some FixedWidthInteger) -> Reference {
    for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
      reversed.append(UInt8(truncatingIfNeeded: value >> shift))
    }
    return Reference(fromEnd: reversed.count)
  }

  private mutating func put(_ value: Value) {
    align(value.size)
    switch value {
    case .u8(let value): put(value)
    case .i16(let value): put(value)
    case .i32(let value): put(value)
    case .i64(let value): put(value)
    case .reference(let target): put(UInt32(reversed.count + 4 - target.fromEnd))
    }
  }
}

extension FlatBuilder.Value {
  fileprivate var size: Int {
    switch self {
    case .u8: 1
    case .i16: 2
    case .i32, .reference: 4
    case .i64: 8
    }
  }
}
