import Testing

@testable import Tokenize

/// What `Goldens/goldens.py` and `Tests/Parity/tokenizer_parity.py` write.
enum Goldens {
  struct Case {
    let text: String
    let ids: [Int32]
    let limit: Int?

    init(_ field: Field) throws {
      text = try field.member("text").string()
      ids = try field.member("ids").elements().map { try $0.id() }
      limit = try field.optional("limit")?.integer(in: 0...1000)
    }
  }

  static let folder =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    .joined(separator: "/") + "/Goldens"

  static func lines(_ path: String) throws -> [ArraySlice<UInt8>] {
    try fileBytes(path, limit: 1 << 30).split(separator: UInt8(ascii: "\n"))
  }

  /// Of a `.cases.jsonl`.
  static func cases(_ path: String) throws -> [Case] {
    try lines(path).map { try Case(json(Array($0))) }
  }

  static func json(_ bytes: [UInt8]) throws -> Field { try JSONDocument(file: "test", bytes: bytes).root }

  /// The cases that come out otherwise.
  static func differences(_ tokenizer: Tokenizer, _ cases: [Case]) -> [String] {
    cases.compactMap { known in
      let ids = tokenizer.encode(known.text, limit: known.limit)
      return ids == known.ids ? nil : difference(known, ids)
    }
  }

  private static func difference(_ known: Case, _ ids: [Int32]) -> String {
    let place = zip(ids, known.ids).enumerated().first { $0.element.0 != $0.element.1 }?.offset
    let start = max(0, (place ?? min(ids.count, known.ids.count)) - 3)
    let excerpt = "from id \(start): \(ids.dropFirst(start).prefix(12)), not \(known.ids.dropFirst(start).prefix(12))"
    return "\(String(known.text.prefix(60)).debugDescription) \(excerpt)"
  }
}
