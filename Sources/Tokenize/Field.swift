/// A value of the file that can say where it stands, so that whatever is wrong with it is named.
struct Field {
  let document: JSONDocument
  let index: Int

  var kind: JSONDocument.Kind { document.entries[index].kind }

  /// - Throws: `wrong` where the member is absent or this is no object.
  func member(_ key: String) throws(TokenizerError) -> Field {
    guard let found = try optional(key) else { throw wrong("has no \"\(key)\"") }
    return found
  }

  /// Nil for an absent or null member; the last of equal keys.
  func optional(_ key: String) throws(TokenizerError) -> Field? {
    var found: Field?
    for (name, value) in try members() where name.elementsEqual(key.utf8) { found = value }
    return found.flatMap { $0.kind == .null ? nil : $0 }
  }

  func members() throws(TokenizerError) -> [(name: ArraySlice<UInt8>, value: Field)] {
    guard kind == .object else { throw wrong("not an object") }
    var members: [(name: ArraySlice<UInt8>, value: Field)] = []
    var at = index + 1
    while at < document.next(after: index) {
      members.append((document.text(at: at), Field(document: document, index: at + 1)))
      at = document.next(after: at + 1)
    }
    return members
  }

  func elements() throws(TokenizerError) -> [Field] {
    guard kind == .list else { throw wrong("not a list") }
    var elements: [Field] = []
    var at = index + 1
    while at < document.next(after: index) {
      elements.append(Field(document: document, index: at))
      at = document.next(after: at)
    }
    return elements
  }

  /// UTF-8.
  func text() throws(TokenizerError) -> ArraySlice<UInt8> {
    guard kind == .text else { throw wrong("not a text") }
    return document.text(at: index)
  }

  func string() throws(TokenizerError) -> String { String(decoding: try text(), as: UTF8.self) }

  func number() throws(TokenizerError) -> Double {
    guard kind == .number, let value = Double(String(decoding: document.text(at: index), as: UTF8.self)),
      value.isFinite
    else { throw wrong("not a number") }
    return value
  }

  func integer(in range: ClosedRange<Int>) throws(TokenizerError) -> Int {
    guard kind == .number, let value = Int(String(decoding: document.text(at: index), as: UTF8.self)),
      range.contains(value)
    else { throw wrong("not a whole number between \(range.lowerBound) and \(range.upperBound)") }
    return value
  }

  /// A token's number.
  func id() throws(TokenizerError) -> Int32 { Int32(try integer(in: 0...0xFF_FFFF)) }

  /// A member that is true or false, or `absent`.
  func flag(_ key: String, absent: Bool) throws(TokenizerError) -> Bool {
    guard let field = try optional(key) else { return absent }
    guard field.kind == .yes || field.kind == .no else { throw field.wrong("neither true nor false") }
    return field.kind == .yes
  }

  /// What kind of part this is.
  func type() throws(TokenizerError) -> String { try member("type").string() }

  func wrong(_ why: String) -> TokenizerError { .wrong(file: document.file, place: place, why: why) }

  func unsupported(_ what: String) -> TokenizerError {
    .unsupported(file: document.file, place: place, what: what)
  }

  /// As in `pre_tokenizer.pretokenizers[1]`; found by walking down from the root, which only errors do.
  private var place: String {
    var at = 0
    var place = ""
    while at != index, let step = step(from: at) {
      place += step.name
      at = step.child
    }
    return place.isEmpty ? "the file" : String(place.drop { $0 == "." })
  }

  /// The child of the container at `at` in which this stands.
  private func step(from at: Int) -> (name: String, child: Int)? {
    let container = Field(document: document, index: at)
    if let members = try? container.members(), let own = members.last(where: { $0.value.index <= index }) {
      let isPlain = own.name.allSatisfy { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || $0 == UInt8(ascii: "_") }
      let name = isPlain ? "." + String(decoding: own.name, as: UTF8.self) : "[\(quoted(own.name))]"
      return (name, own.value.index)
    }
    if let elements = try? container.elements(), let number = elements.lastIndex(where: { $0.index <= index }) {
      return ("[\(number)]", elements[number].index)
    }
    return nil
  }
}
