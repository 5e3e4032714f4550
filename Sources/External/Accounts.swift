import Media

/// What became of all requests, by name; and what people were told of it.
struct Accounts {
  private(set) var counters = Counters()
  /// Tells people, once for each kind of mishap.
  private let warn: @Sendable (String) -> Void
  private var told: Set<String> = []

  init(_ warn: @escaping @Sendable (String) -> Void) { self.warn = warn }

  mutating func count(_ name: String, _ count: Int = 1) { counters.add("encoder_\(name)", Int64(count)) }

  /// So many requests will have no answer; none may be.
  mutating func lose(_ count: Int, _ mishap: Mishap) {
    if count > 0 {
      self.count("failed", count)
      self.count("failed_\(mishap.kind.rawValue)", count)
    }
    note(mishap)
  }

  /// So many requests will have no answer because everything is to end: nobody need be told.
  mutating func interrupt(_ count: Int) {
    self.count("failed", count)
    self.count("failed_interrupted", count)
  }

  mutating func note(_ mishap: Mishap) {
    guard told.insert(mishap.kind.rawValue).inserted else { return }
    warn("\(mishap.reason); what it does not answer has no vector, and is counted from here on")
  }
}
