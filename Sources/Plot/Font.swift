/// The drawn characters, read from `FontSheet` once.
enum Font {
  /// A character's dots, bit `5 · row + column`.
  struct Glyph: Hashable, Sendable {
    fileprivate(set) var bits: UInt64 = 0

    func isSet(_ column: Int, _ row: Int) -> Bool {
      guard 0..<FontSheet.columns ~= column, 0..<FontSheet.rows ~= row else { return false }
      return bits >> UInt64(row * FontSheet.columns + column) & 1 == 1
    }
  }

  /// A box for characters without a drawing.
  static func glyph(_ character: Character) -> Glyph { glyphs[character] ?? unknown }

  private static let unknown = glyphs["\u{7F}"] ?? Glyph()

  private static let glyphs: [Character: Glyph] = {
    let lines = FontSheet.drawing.split(separator: "\n").map { Array($0.utf8) }
    var glyphs: [Character: Glyph] = [:]
    for (index, character) in FontSheet.order.enumerated() {
      let (band, place) = index.quotientAndRemainder(dividingBy: FontSheet.charactersPerBand)
      var glyph = Glyph()
      for row in 0..<FontSheet.rows {
        let line = lines[band * FontSheet.rows + row].dropFirst(place * (FontSheet.columns + 1))
        for (column, dot) in line.prefix(FontSheet.columns).enumerated() where dot == UInt8(ascii: "#") {
          glyph.bits |= 1 << UInt64(row * FontSheet.columns + column)
        }
      }
      glyphs[character] = glyph
    }
    return glyphs
  }()
}
