/// Tokens and their numbers: a hash table with open addressing over one array of letters. Tokens are told apart by
/// bytes, since canonically equivalent texts are different tokens.
struct Vocabulary: Sendable {
  /// Of all tokens, UTF-8.
  private var letters: [UInt8] = []
  /// [tokens + 1] Where each begins in the letters.
  private var starts = [0]
  /// [tokens]
  private var ids: [Int32] = []
  /// [a power of two, at least twice the tokens] Half of a token's hash and its place; nil where none is.
  private var slots: [Slot?]

  private struct Slot: Sendable {
    let hash: Int32
    var place: Int32
  }

  /// Of two equal texts the last counts.
  init(_ tokens: [(text: ArraySlice<UInt8>, id: Int32)]) {
    var capacity = 4
    while capacity < tokens.count * 2 { capacity *= 2 }
    slots = [Slot?](repeating: nil, count: capacity)
    letters.reserveCapacity(tokens.reduce(0) { $0 + $1.text.count })
    for token in tokens { insert(token.text, token.id) }
  }

  /// The model's `vocab` object of texts and ids.
  /// - Throws: `wrong` for a text or an id that stands there twice.
  init(_ field: Field) throws(TokenizerError) {
    var tokens: [(text: ArraySlice<UInt8>, id: Int32)] = []
    var taken: Set<Int32> = []
    let members = try field.members()
    taken.reserveCapacity(members.count)
    tokens.reserveCapacity(members.count)
    for (name, value) in members {
      let id = try value.id()
      guard taken.insert(id).inserted else { throw value.wrong("id \(id) belongs to another token too") }
      tokens.append((name, id))
    }
    self.init(tokens)
    guard ids.count == tokens.count else { throw field.wrong("holds a token twice") }
  }

  subscript(text: ArraySlice<UInt8>) -> Int32? {
    slots[slot(of: text, hash(text))].map { ids[Int($0.place)] }
  }

  subscript(text: String) -> Int32? { self[Array(text.utf8)[...]] }

  /// How many bytes the longest token has.
  var longest: Int { zip(starts, starts.dropFirst()).reduce(0) { max($0, $1.1 - $1.0) } }

  private mutating func insert(_ text: ArraySlice<UInt8>, _ id: Int32) {
    let hash = hash(text)
    let slot = slot(of: text, hash)
    if let known = slots[slot] {
      ids[Int(known.place)] = id
    } else {
      slots[slot] = Slot(hash: Int32(truncatingIfNeeded: hash), place: Int32(ids.count))
      letters.append(contentsOf: text)
      starts.append(letters.count)
      ids.append(id)
    }
  }

  /// Where a token stands, or would.
  private func slot(of text: ArraySlice<UInt8>, _ hash: Int) -> Int {
    var slot = hash >> 32 & (slots.count - 1)
    while let taken = slots[slot], taken.hash != Int32(truncatingIfNeeded: hash) || !isToken(taken.place, text) {
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private func isToken(_ place: Int32, _ text: ArraySlice<UInt8>) -> Bool {
    let start = starts[Int(place)]
    guard starts[Int(place) + 1] - start == text.count else { return false }
    return text.indices.allSatisfy { text[$0] == letters[start + $0 - text.startIndex] }
  }

  private func hash(_ text: ArraySlice<UInt8>) -> Int {
    var hasher = Hasher()
    unsafe text.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    return hasher.finalize()
  }
}
