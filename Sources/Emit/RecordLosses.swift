import Media

/// Records that a reader has lost and has not been told of, by source.
struct RecordLosses: Sendable {
  /// What more sources lost is told without a name.
  private static let mostSources = 256

  private var counts: [String: Int64] = [:]
  /// Sources in the order in which they lost something.
  private var order: [String] = []

  var isEmpty: Bool { order.isEmpty }

  mutating func add(_ records: [Embedding]) {
    for record in records {
      let name = counts[record.source] != nil || order.count < Self.mostSources ? record.source : ""
      if counts[name] == nil { order.append(name) }
      counts[name, default: 0] += 1
    }
  }

  /// A row of status `dropped` for each source: every form can say that, and every reader keep it.
  var rows: [Embedding] {
    order.map { Embedding(source: $0, status: .dropped, dropped: Int32(clamping: counts[$0] ?? 0)) }
  }
}
