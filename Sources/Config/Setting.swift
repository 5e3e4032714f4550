/// A key of a configuration: its name, what it may be, and where its value lies.
struct Setting<Root: Sendable>: Sendable {
  /// `records.sync`.
  let name: String
  /// What is allowed, for people.
  let bound: String
  /// What stands for the default where that is no plain value: `auto`, `none`, `off`.
  let word: String?
  /// Whether a reload changes it; others wait for a restart.
  let appliesAtOnce: Bool
  private let assign: @Sendable (String, inout Root) throws(Refusal) -> Void
  private let reset: @Sendable (inout Root, Root) -> Void
  private let spelling: @Sendable (Root) -> String?
  let isSame: @Sendable (Root, Root) -> Bool

  init<Value: Hashable>(
    _ name: String, _ grammar: Grammar<Value>, _ path: any WritableKeyPath<Root, Value> & Sendable, word: String? = nil,
    appliesAtOnce: Bool = false
  ) {
    (self.name, bound, self.word, self.appliesAtOnce) = (name, grammar.bound, word, appliesAtOnce)
    assign = { text, root throws(Refusal) in root[keyPath: path] = try grammar.parse(text) }
    reset = { root, defaults in root[keyPath: path] = defaults[keyPath: path] }
    spelling = { root in grammar.spell(root[keyPath: path]) }
    isSame = { a, b in a[keyPath: path] == b[keyPath: path] }
  }

  /// A value that may be absent, as `word` says.
  init<Value: Hashable>(
    _ name: String, _ grammar: Grammar<Value>, _ path: any WritableKeyPath<Root, Value?> & Sendable, word: String
  ) {
    (self.name, bound, self.word, appliesAtOnce) = (name, grammar.bound, word, false)
    assign = { text, root throws(Refusal) in root[keyPath: path] = try grammar.parse(text) }
    reset = { root, defaults in root[keyPath: path] = defaults[keyPath: path] }
    spelling = { root in root[keyPath: path].map(grammar.spell) }
    isSame = { a, b in a[keyPath: path] == b[keyPath: path] }
  }

  /// - Throws: why the text is refused.
  func read(_ text: String, into root: inout Root, defaults: Root) throws(Refusal) {
    if text == word { reset(&root, defaults) } else { try assign(text, &root) }
  }

  /// The default as a file says it.
  func defaultText(_ defaults: Root) -> String { word ?? spelling(defaults) ?? "" }
}
