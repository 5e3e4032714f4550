package import Media

/// Records as a table for people at a terminal, a line each as they come:
///
///       window start          state            ±µs audio% video% text% frames fused            text
///          0/0 00:00:00.000   exact           22.7    100    100     0      4 ▃▅▂▆▄▄▁▇▅▃▂▄▆▅▃▄
///
/// Windows that are alike have a like swatch in `fused`.
package struct RecordTable: Sendable {
  private let hasColor: Bool
  private let width: Int
  private var hasHeader = false
  private var source: String?

  /// - Parameters:
  ///   - color: whether the terminal takes escape sequences for colour.
  ///   - width: characters in a line; the excerpt of text takes what the other columns leave.
  package init(color: Bool, width: Int = 120) {
    hasColor = color
    self.width = width
  }

  /// The record's line; before it the header when it is the first, the source's name when that is new, and a note
  /// of windows that were lost. Every line ends with a newline.
  package mutating func lines(_ record: Embedding) -> String {
    var lines: [String] = []
    if !hasHeader { lines.append(paint(Self.header, .faint)) }
    hasHeader = true
    if record.source != source { lines.append(paint(sourceLine(record.source), .bold)) }
    source = record.source
    if record.dropped > 0 { lines.append(paint("  … \(counted(Int(record.dropped), "window")) lost", .red)) }
    lines.append(line(record))
    return lines.map { $0 + "\n" }.joined()
  }
}

extension RecordTable {
  private static let excerptStart = header.count - "text".count

  private static let header = [
    cell("window", 10, isNumber: true), cell("start", 14), cell("state", 12), cell("±µs", 9, isNumber: true),
    cell("audio%", 6), cell("video%", 6), cell("text%", 5), cell("frames", 6), cell("fused", VectorSwatch.length),
    "text",
  ].joined(separator: " ")

  private func line(_ record: Embedding) -> String {
    let state = Self.state(record)
    let uncertainty = record.uncertainty.map { fixed($0.microseconds, 1) } ?? "–"
    var cells = [
      Self.cell(Self.window(record), 10, isNumber: true), Self.cell(Self.start(record), 14),
      paint(Self.cell(state.text, 12), state.paint), Self.cell(uncertainty, 9, isNumber: true),
    ]
    cells += [(Modality.audio, 6), (.video, 6), (.text, 5)].map { share(record, $0, width: $1) }
    cells.append(Self.cell(Self.frames(record), 6, isNumber: true))
    cells.append(swatch(record.fused))
    if let text = record.text {
      cells.append(shortenedAtEnd(harmless(text), to: max(0, width - Self.excerptStart)))
    }
    return cells.joined(separator: " ")
  }

  private func sourceLine(_ source: String) -> String { shortened(harmless(source), to: max(width, 1)) }

  /// `epoch/window`.
  private static func window(_ record: Embedding) -> String {
    record.place.map { "\($0.epoch)/\($0.window)" } ?? "–"
  }

  /// `00:01:02.500`, on the epoch's timeline.
  private static func start(_ record: Embedding) -> String {
    guard let start = record.place?.interval.start else { return "–" }
    let clock = start.sinceZero.clock(decimals: 3)
    return clock.count < 12 ? "0" + clock : clock
  }

  /// What is wrong with the record, else how sure its time is.
  private static func state(_ record: Embedding) -> (text: String, paint: Paint) {
    guard record.status == .ok else { return (record.status.rawValue, .red) }
    return switch record.timeState {
    case .exact?: ("exact", .green)
    case .quantised?: ("quantised", .yellow)
    case .inferred?: ("inferred", .magenta)
    case .unlocked?: ("unlocked", .red)
    case nil: ("–", .faint)
    }
  }

  /// Covered part of the first track of a kind in percent; less than all of it stands out.
  private func share(_ record: Embedding, _ modality: Modality, width: Int) -> String {
    guard let track = record.tracks.first(where: { $0.slot.modality == modality }) else {
      return paint(Self.cell("–", width, isNumber: true), .faint)
    }
    let text = Self.cell(Self.percent(track.valid), width, isNumber: true)
    let isMissing = modality != .text && track.valid < 1
    return isMissing ? paint(text, track.valid > 0 ? .yellow : .red) : text
  }

  /// Rounded, but 100 only when all is covered and 0 only when nothing is.
  private static func percent(_ valid: Float) -> String {
    guard valid.isFinite else { return "–" }
    if valid <= 0 { return "0" }
    return valid >= 1 ? "100" : fixed(min(max(Double(valid) * 100, 1), 99))
  }

  /// Distinct source frames of all its pictures.
  private static func frames(_ record: Embedding) -> String {
    String(record.tracks.filter { $0.slot.modality == .video }.reduce(0) { $0 + Int($1.frames) })
  }

  private func swatch(_ vector: [Float]?) -> String {
    guard let vector else { return paint(Self.cell("–", VectorSwatch.length), .faint) }
    return VectorSwatch.levels(vector).map { level in
      let character = String(VectorSwatch.characters[level])
      return hasColor ? "\u{1B}[38;5;\(VectorSwatch.colors[level])m\(character)" : character
    }.joined() + (hasColor ? "\u{1B}[0m" : "")
  }

  /// Filled up with spaces; numbers stand at the right.
  private static func cell(_ text: String, _ width: Int, isNumber: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return isNumber ? space + text : text + space
  }

  private enum Paint: Int { case bold = 1, faint = 2, red = 31, green = 32, yellow = 33, magenta = 35 }

  private func paint(_ text: String, _ paint: Paint) -> String {
    hasColor ? "\u{1B}[\(paint.rawValue)m\(text)\u{1B}[0m" : text
  }
}

/// `text` within `count` characters, its end left out.
private func shortenedAtEnd(_ text: String, to count: Int) -> String {
  guard text.count > count else { return text }
  return count > 0 ? text.prefix(count - 1) + "…" : ""
}
