/// Puts the special tokens around the tokens of a text.
struct PostProcessor: Sendable {
  private enum Part: Sendable {
    case special([Int32])
    case text
  }

  /// Applied one after the other, each to what the last has made.
  private let templates: [[Part]]

  /// - Parameter field: `post_processor`, or nil, which adds nothing.
  init(_ field: Field?) throws(TokenizerError) { templates = try field.map(Self.templates) ?? [] }

  /// How many tokens are added to those of a text that stands in every template once.
  var addedCount: Int {
    templates.joined().reduce(0) { count, part in
      if case .special(let ids) = part { count + ids.count } else { count }
    }
  }

  func wrap(_ ids: [Int32]) -> [Int32] {
    templates.reduce(ids) { ids, template in
      template.flatMap { part in
        switch part {
        case .special(let special): special
        case .text: ids
        }
      }
    }
  }

  private static func templates(_ field: Field) throws(TokenizerError) -> [[Part]] {
    let type = try field.type()
    switch type {
    case "Sequence":
      var templates: [[Part]] = []
      for processor in try field.member("processors").elements() { templates += try Self.templates(processor) }
      return templates
    case "TemplateProcessing": return [try template(field)]
    case "BertProcessing", "RobertaProcessing":
      return [[try namedToken(field.member("cls")), .text, try namedToken(field.member("sep"))]]
    case "ByteLevel": return []
    default: throw field.unsupported("post-processor \(quoted(type.utf8))")
    }
  }

  /// `["[CLS]", 101]`
  private static func namedToken(_ field: Field) throws(TokenizerError) -> Part {
    let parts = try field.elements()
    guard parts.count == 2 else { throw field.wrong("not a text and an id") }
    return .special([try parts[1].id()])
  }

  /// The template for one text: its parts are `{"SpecialToken": {"id": "[CLS]"}}` and `{"Sequence": {"id": "A"}}`.
  private static func template(_ field: Field) throws(TokenizerError) -> [Part] {
    let specials = try field.member("special_tokens")
    let single = try field.member("single")
    var parts: [Part] = []
    for element in try single.elements() {
      if let special = try element.optional("SpecialToken") {
        let token = try specials.member(try special.member("id").string())
        var ids: [Int32] = []
        for id in try token.member("ids").elements() { ids.append(try id.id()) }
        parts.append(.special(ids))
      } else {
        let text = try element.member("Sequence").member("id")
        guard try text.string() == "A" else { throw text.unsupported("sequence \(quoted(try text.text()))") }
        parts.append(.text)
      }
    }
    guard parts.count(where: { if case .text = $0 { true } else { false } }) == 1 else {
      throw single.unsupported("template that does not hold the text once")
    }
    return parts
  }
}
