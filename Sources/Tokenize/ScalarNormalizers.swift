// Normalizers that look at one scalar at a time.

/// Scalar by scalar, without regard to language or place: Σ is σ at the end of a word too.
struct Lowercase: Normalizer {
  func normalize(_ piece: Piece) -> Piece {
    var lower: [UInt8] = []
    lower.reserveCapacity(piece.text.count)
    piece.text.forEachScalar { scalar, range in
      if scalar.isASCII {
        lower.append(0x41...0x5A ~= scalar.value ? UInt8(scalar.value | 0x20) : UInt8(scalar.value))
      } else if scalar.properties.changesWhenLowercased {
        lower.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
      } else {
        lower.append(contentsOf: piece.text[range])
      }
    }
    return Piece(lower[...], begins: piece.begins)
  }
}

/// Drops marks.
struct StripAccents: Normalizer {
  func normalize(_ piece: Piece) -> Piece { piece.keeping { $0.isMark ? nil : $0 } }
}

/// Drops white space at the ends.
struct Strip: Normalizer {
  let left: Bool
  let right: Bool

  func normalize(_ piece: Piece) -> Piece {
    var range = piece.text.indices
    while left, !range.isEmpty {
      let (scalar, end) = piece.text.scalar(at: range.lowerBound)
      guard scalar.isSpace else { break }
      range = end..<range.upperBound
    }
    while right, !range.isEmpty {
      let (scalar, start) = piece.text.scalar(before: range.upperBound)
      guard scalar.isSpace else { break }
      range = range.lowerBound..<start
    }
    return piece[range]
  }
}

/// Puts `prefix` before text that is not empty.
struct Prepend: Normalizer {
  /// UTF-8.
  let prefix: [UInt8]

  func normalize(_ piece: Piece) -> Piece {
    piece.text.isEmpty ? piece : Piece((prefix + piece.text)[...], begins: piece.begins)
  }
}

extension Piece {
  /// With every scalar replaced, or dropped for nil.
  func keeping(_ change: (Unicode.Scalar) -> Unicode.Scalar?) -> Piece {
    var kept: [UInt8] = []
    kept.reserveCapacity(text.count)
    var begins = begins
    text.forEachScalar { scalar, range in
      if let new = change(scalar) {
        kept.append(new)
      } else if range.lowerBound == text.startIndex {
        begins = false
      }
    }
    return Piece(kept[...], begins: begins)
  }
}
