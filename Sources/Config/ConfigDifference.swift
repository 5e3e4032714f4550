/// What a reload changes.
package struct ConfigDifference: Hashable, Sendable {
  /// Names of sources, those of the new configuration in its order.
  package let added: [String]
  package let changed: [String]
  package let removed: [String]
  /// Keys whose new values apply at once.
  package let applied: [String]
  /// Keys whose new values wait for a restart.
  package let waiting: [String]

  package init(from old: DaemonConfig, to new: DaemonConfig, _ words: Vocabulary) {
    let before = Dictionary(uniqueKeysWithValues: old.sources.map { ($0.name, $0) })
    let names = Set(new.sources.map(\.name))
    added = new.sources.map(\.name).filter { before[$0] == nil }
    changed = new.sources.filter { source in before[source.name].map { $0 != source } ?? false }.map(\.name)
    removed = old.sources.map(\.name).filter { !names.contains($0) }
    let keys = DaemonSettings(words).all.filter { !$0.isSame(old, new) }
    applied = keys.filter(\.appliesAtOnce).map(\.name)
    waiting = keys.filter { !$0.appliesAtOnce }.map(\.name)
  }

  package var isEmpty: Bool { [added, changed, removed, applied, waiting].allSatisfy(\.isEmpty) }

  /// `added: cam; changed: front, door`; `nothing changed`.
  package var words: String {
    let parts = [("added", added), ("changed", changed), ("removed", removed), ("applied", applied)]
    let told = parts.filter { !$1.isEmpty }.map { "\($0): \($1.joined(separator: ", "))" }
    return told.isEmpty ? "nothing changed" : told.joined(separator: "; ")
  }

  /// `these keys wait for a restart: window, http.tcp`; nil where none does.
  package var warning: String? {
    waiting.isEmpty ? nil : "these keys wait for a restart: \(waiting.joined(separator: ", "))"
  }
}
