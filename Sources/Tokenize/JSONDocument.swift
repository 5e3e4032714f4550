/// A JSON text (RFC 8259) as one flat list of its values in the order of the text: a container is followed by all
/// that stands in it. Texts stay UTF-8 bytes, since Swift's `String` holds "é" and "e\u{301}" for the same key.
final class JSONDocument: Sendable {
  enum Kind: UInt8, Sendable { case null, no, yes, number, text, list, object }

  struct Entry: Sendable {
    var kind: Kind
    /// For texts and numbers: where their bytes stand. For containers: the entries in them, without themselves.
    var start: Int32
    var end: Int32
  }

  let file: String
  let bytes: [UInt8]
  let entries: [Entry]

  /// - Parameter bytes: the text; its escaped strings are decoded in place.
  init(file: String, bytes: [UInt8]) throws(TokenizerError) {
    var reader = JSONReader(bytes)
    do {
      try reader.readDocument()
    } catch {
      throw .malformed(file: file, offset: error.offset, why: error.why)
    }
    self.file = file
    self.bytes = reader.bytes
    self.entries = reader.entries
  }

  var root: Field { Field(document: self, index: 0) }

  /// The entry behind `index` and all that stands in it.
  func next(after index: Int) -> Int {
    let entry = entries[index]
    return entry.kind == .list || entry.kind == .object ? Int(entry.end) : index + 1
  }

  func text(at index: Int) -> ArraySlice<UInt8> { bytes[Int(entries[index].start)..<Int(entries[index].end)] }
}
