/// A place in the store: a segment and a byte in it. Positions ascend in the order in which batches were appended, also
/// of those that never became durable, and none is ever given twice.
package struct Position: Hashable, Comparable, Sendable, LosslessStringConvertible {
  package let segment: Int
  package let offset: Int

  package init(segment: Int, offset: Int) {
    self.segment = segment
    self.offset = offset
  }

  /// `SEGMENT:OFFSET`, in digits alone.
  package init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    let areDigits = parts.allSatisfy { part in part.allSatisfy { (0x30...0x39).contains($0) } }
    guard parts.count == 2, areDigits, let segment = Int(String(parts[0]) ?? ""),
      let offset = Int(String(parts[1]) ?? "")
    else { return nil }
    self.init(segment: segment, offset: offset)
  }

  package var description: String { "\(segment):\(offset)" }

  package static func < (one: Position, other: Position) -> Bool {
    (one.segment, one.offset) < (other.segment, other.offset)
  }
}
