extension [UInt8] {
  /// The shortest decimal that reads back as exactly this finite number.
  mutating func appendJSON(_ value: Float) {
    append(addingCapacity: longestNumber) { $0.append(value) }
  }

  /// A list of such numbers.
  mutating func appendJSON(_ values: [Float]) {
    append(ascii: "[")
    append(addingCapacity: values.count * (longestNumber + 1)) { text in
      for index in values.indices {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        text.append(values[index])
      }
    }
    append(ascii: "]")
  }
}

/// Characters of the longest Float32, `-1.1754944e-38`, and some room.
private let longestNumber = 16

extension OutputSpan<UInt8> {
  /// Numbers in 0.001 ..< 1, which is most of a normalised vector, are written here, three times as fast as by the
  /// standard library; the rest by it (`1e-05` is legal JSON). All thirteen characters are written without a branch,
  /// then those that are not needed are taken back.
  fileprivate mutating func append(_ value: Float) {
    guard let decimal = ShortFraction(value) else {
      for character in value.description.utf8 { append(character) }
      return
    }
    if value < 0 { append(UInt8(ascii: "-")) }
    append(UInt8(ascii: "0"))
    append(UInt8(ascii: "."))
    let (first, last) = decimal.elevenPlaces.quotientAndRemainder(dividingBy: 100_000_000)
    append(characters: eightDigits(first) >> 40, count: 3)
    append(characters: eightDigits(last), count: 8)
    removeLast(11 - decimal.places)
  }

  /// The lowest byte first.
  private mutating func append(characters: UInt64, count: Int) {
    for index in 0..<count { append(UInt8(truncatingIfNeeded: characters >> UInt64(8 * index))) }
  }
}

/// `digits / 10^places`, the decimal with the fewest digits that reads back as one Float32.
private struct ShortFraction {
  private var digits: Int64
  private(set) var places: Int

  /// Nil outside 0.001 ..< 1, for powers of two (whose neighbours are not equally far) and for the few numbers
  /// whose decimal would meet the middle of two Float32 when read as a double first.
  init?(_ value: Float) {
    let exact = Double(value.magnitude)
    guard exact >= 0.001, exact < 1, value.significandBitPattern != 0 else { return nil }
    let zeros = exact >= 0.1 ? 0 : exact >= 0.01 ? 1 : 2
    for count in 6...9 {
      places = zeros + count
      let power = powersOfTen[places]
      digits = Int64(exact * power + 0.5)
      let back = Double(digits) / power
      if Float(back) == value.magnitude && back.bitPattern & 0x1FFF_FFFF != 0x1000_0000 {
        dropTrailingZeros()
        return
      }
    }
    return nil
  }

  /// The same decimal with eleven places: six zeros and digits at the least, two zeros and nine digits at the most.
  var elevenPlaces: UInt64 { UInt64(digits) * UInt64(powersOfTen[11 - places]) }

  private mutating func dropTrailingZeros() {
    while digits % 10 == 0 {
      digits /= 10
      places -= 1
    }
  }
}

private let powersOfTen: InlineArray<12, Double> = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11]

/// Eight decimal digits of a number below 10^8 as characters, the first in the lowest byte: halves it in parallel.
private func eightDigits(_ number: UInt64) -> UInt64 {
  var parts = number / 10_000 | (number % 10_000) << 32
  var quotients = (parts &* 10_486) >> 20 & 0x0000_007F_0000_007F  // by 100
  parts = quotients | (parts &- quotients &* 100) << 16
  quotients = (parts &* 103) >> 10 & 0x000F_000F_000F_000F  // by 10
  return (quotients | (parts &- quotients &* 10) << 8) + 0x3030_3030_3030_3030
}
