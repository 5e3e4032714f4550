import Media

/// What the colours mean, of those that were used, and the source's accounts.
extension Page {
  private static let swatch = 14
  private static let mostCounterLines = 3

  mutating func addLegend() {
    let style = TextStyle()
    var x = axis.left
    for (ink, text) in legend {
      let width = Self.swatch + 8 + style.width(of: text)
      if x + width > Self.width - Self.margin {
        x = axis.left
        y += Self.swatch + 8
      }
      let box = Box(x: x, y: y, width: Self.swatch, height: Self.swatch)
      add(Self.sample(of: ink, in: box))
      add(.text(text, x: box.right + 8, top: y, style))
      x += width + 24
    }
    if !legend.isEmpty { y += Self.swatch + Self.gap }
  }

  private static func sample(of ink: Ink, in box: Box) -> Shape {
    switch ink {
    case .gap: .hatch(box, title: nil)
    case .epoch: .dashes(x: box.x + box.width / 2, top: box.y, bottom: box.bottom, ink, title: nil)
    default: .fill(box, ink, title: nil)
    }
  }

  /// `decoded 1200 · dropped 3`, in order of name.
  mutating func addCounters() {
    let style = TextStyle()
    let room = axis.width / style.advance
    var lines: [String] = []
    for text in portrait.counterTexts {
      if let last = lines.last, last.count + 3 + text.count <= room {
        lines[lines.count - 1] = "\(last) · \(text)"
      } else {
        lines.append(shortened(text, to: room))
      }
    }
    for line in lines.prefix(Self.mostCounterLines) {
      add(.text(line, x: axis.left, top: y, style))
      y += style.capHeight + 8
    }
    if lines.count > Self.mostCounterLines { add(.text("…", x: axis.left, top: y - 8, style)) }
    if !lines.isEmpty { y += Self.gap }
  }

  private var legend: [(Ink, String)] {
    var legend: [(Ink, String)] = []
    if hasContent(.audio) { legend.append((.audio, "sound")) }
    if hasContent(.video) { legend.append((.video, "picture")) }
    if hasContent(.text) { legend.append((.text, "text")) }
    if scene.shapes.contains(where: \.isGap) { legend.append((.gap, "missing")) }
    if portrait.epochs.contains(where: { $0.start > .zero }) { legend.append((.epoch, "new epoch")) }
    let points = portrait.windows.points
    for state in [TimeState.exact, .quantised, .inferred, .unlocked]
    where points.contains(where: { $0.state == state && $0.uncertaintyMicroseconds != nil }) {
      legend.append((Ink(state), state.rawValue))
    }
    if points.contains(where: { $0.offset != nil }) {
      legend += [(.offset, "offset, + is late"), (.interval, "95 %")]
    }
    return legend
  }
}

extension Shape {
  /// Something is missing here.
  fileprivate var isGap: Bool {
    switch self {
    case .hatch, .fill(_, .gap, _): true
    default: false
    }
  }
}

extension SourcePortrait {
  /// The counters that counted something, in order of name.
  var countersInOrder: [(name: String, value: Int64)] {
    counters.values.filter { $0.value != 0 }.sorted { $0.key < $1.key }.map { (harmless($0.key), $0.value) }
  }

  fileprivate var counterTexts: [String] { countersInOrder.map { "\($0.name) \($0.value)" } }
}
