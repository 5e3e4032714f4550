/// Which known name a misspelt one may mean.
enum Nearest {
  /// - Returns: nil when none is near: a third of the letters, at least one, may differ.
  static func name(to text: String, among known: some Sequence<String>) -> String? {
    guard text.utf8.count <= 64 else { return nil }
    let near = known.map { (name: $0, distance: distance(text, $0)) }.filter {
      $0.distance <= max(1, min(text.utf8.count, $0.name.utf8.count) / 3)
    }
    return near.min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
  }

  /// `, did you mean 'window'?`
  static func hint(_ text: String, among known: some Sequence<String>) -> String {
    name(to: text, among: known).map { ", did you mean '\($0)'?" } ?? ""
  }

  /// Insertions, deletions, changes, and swaps of neighbours that turn one into the other.
  static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.utf8), Array(b.utf8))
    var (before, last) = ([Int](), Array(0...b.count))
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var least = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, before[j - 1] + 1) }
        row.append(least)
      }
      (before, last) = (last, row)
    }
    return last[b.count]
  }
}
