/// A stretch of text on its way to the model.
struct Piece: Equatable {
  /// UTF-8.
  var text: ArraySlice<UInt8>
  /// Whether its first scalar comes from the first of what was given to be encoded.
  var begins: Bool

  init(_ text: ArraySlice<UInt8>, begins: Bool) {
    self.text = text
    self.begins = begins
  }

  /// A part of this.
  subscript(range: Range<Int>) -> Piece {
    Piece(text[range], begins: begins && range.lowerBound == text.startIndex)
  }
}

extension ArraySlice<UInt8> {
  /// The scalar that begins at `place` and where it ends. The bytes are valid UTF-8.
  func scalar(at place: Int) -> (scalar: Unicode.Scalar, end: Int) {
    let first = UInt32(self[place])
    if first < 0x80 { return (Unicode.Scalar(self[place]), place + 1) }
    let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    var value = first & (0xFF >> UInt32(length + 1))
    for byte in self[(place + 1)..<(place + length)] { value = value << 6 | UInt32(byte & 0x3F) }
    return (Unicode.Scalar(value)!, place + length)
  }

  /// The scalar that ends before `place`, and where it begins.
  func scalar(before place: Int) -> (scalar: Unicode.Scalar, start: Int) {
    var start = place - 1
    while self[start] & 0xC0 == 0x80 { start -= 1 }
    return (scalar(at: start).scalar, start)
  }

  /// Every scalar with the range of its bytes.
  func forEachScalar(_ body: (Unicode.Scalar, Range<Int>) -> Void) {
    var place = startIndex
    while place < endIndex {
      let (scalar, end) = scalar(at: place)
      body(scalar, place..<end)
      place = end
    }
  }
}

extension [UInt8] {
  mutating func append(_ scalar: Unicode.Scalar) {
    if scalar.isASCII { append(UInt8(ascii: scalar)) } else { append(contentsOf: UTF8.encode(scalar)!) }
  }
}
