/// GPT-2's alphabet of bytes: every byte as one printable scalar (openai/gpt-2, encoder.py: bytes_to_unicode).
struct ByteAlphabet: Normalizer {
  func normalize(_ piece: Piece) -> Piece {
    var letters: [UInt8] = []
    letters.reserveCapacity(piece.text.count * 3 / 2)
    for byte in piece.text { letters.append(Self.letters[Int(byte)]) }
    return Piece(letters[...], begins: piece.begins)
  }

  /// Printable bytes of Latin-1 stand for themselves, the others for U+0100 and what follows, in their order.
  private static let letters: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0..<256).map { (byte: UInt32) in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(UInt8(byte))
      default:
        defer { next += 1 }
        return Unicode.Scalar(next)!
      }
    }
  }()
}
