import Media

/// One value of one record, on its way to any format.
enum Cell: Sendable {
  case null
  /// A number or vector with NaN or infinity in it: written as null, and counted.
  case notFinite
  case text(String)
  case integer(Int64)
  case real(Float)
  case integers([Int64])
  case vector([Float])
  case steps([Step])

  static func text(orNull value: String?) -> Cell { value.map { .text($0) } ?? .null }

  static func integer(orNull value: (some FixedWidthInteger)?) -> Cell { value.map { .integer(Int64($0)) } ?? .null }

  static func real(orNull value: Float?) -> Cell {
    guard let value else { return .null }
    return value.isFinite ? .real(value) : .notFinite
  }

  static func vector(orNull value: [Float]?) -> Cell {
    guard let value else { return .null }
    return value.isFinite ? .vector(value) : .notFinite
  }
}

extension [Float] {
  /// No NaN and no infinity. Looks at the exponents alone and without branches, so that the compiler can vectorise.
  var isFinite: Bool {
    var special: UInt32 = 0
    for value in self { special |= (value.bitPattern & 0x7F80_0000) &+ 0x0080_0000 }  // all ones carry to the top
    return special >> 31 == 0
  }
}
