import Media

/// Lays a portrait out from top to bottom, all panels over one time axis.
struct Page {
  static let width = 1280
  static let margin = 32
  /// Labels stand to the left of the plots, figures to the right.
  static let plotLeft = 140
  static let plotWidth = 1024
  static let gap = 14

  let portrait: SourcePortrait
  let axis: TimeAxis
  private(set) var scene = Scene(width: width, height: 0)
  /// Where the next part begins.
  var y = 24

  init(_ portrait: SourcePortrait) {
    self.portrait = portrait
    axis = TimeAxis(duration: Self.span(of: portrait), left: Self.plotLeft, width: Self.plotWidth)
    addHeader()
    addThumbnails()
    let top = y
    addWaveforms()
    addCoverage()
    addTimeCertainty()
    addOffsets()
    if y == top, portrait.thumbnails.isEmpty {
      addNothing()
    } else {
      addEpochBorders(from: top)
      addTimeAxis()
    }
    addLegend()
    addCounters()
    scene.height = y + Self.margin - Self.gap
  }

  mutating func add(_ shape: Shape) { scene.shapes.append(shape) }

  /// A ground with the time grid on it, its label at the left and a figure at the right. Moves on below it.
  mutating func addPanel(height: Int, label: String, figure: String = "") -> Box {
    let box = Box(x: axis.left, y: y, width: axis.width, height: height)
    add(.fill(box, .panel, title: nil))
    for tick in axis.ticks {
      add(.fill(Box(x: axis.x(tick), y: box.y, width: 1, height: height), .grid, title: nil))
    }
    addLabel(label, beside: box)
    let figureStyle = TextStyle()
    add(.text(figure, x: box.right + 10, top: box.y + (height - figureStyle.capHeight) / 2, figureStyle))
    y += height + Self.gap
    return box
  }

  private mutating func addLabel(_ label: String, beside box: Box) {
    var style = TextStyle.label
    style.ink = .ink
    let room = (Self.plotLeft - 14) / style.advance
    let top = box.y + (box.height - style.capHeight) / 2
    add(.text(shortened(label, to: room), x: box.x - 10, top: top, style))
  }

  /// Text alone does not make a duration, but it is drawn.
  private static func span(of portrait: SourcePortrait) -> TimeSpan {
    guard portrait.duration <= .zero else { return portrait.duration }
    return portrait.coverage.compactMap { $0.lane.stretches.last?.end }.max() ?? .zero
  }
}

extension Page {
  /// Takes the place of all panels when there is none.
  private mutating func addNothing() {
    let box = Box(x: Self.margin, y: y, width: Self.width - 2 * Self.margin, height: 96)
    let style = TextStyle(anchor: .middle)
    add(.fill(box, .panel, title: nil))
    add(.text("no sound, picture or text", x: Self.width / 2, top: box.y + (96 - style.capHeight) / 2, style))
    y += box.height + Self.gap
  }

  private mutating func addTimeAxis() {
    let style = TextStyle(anchor: .middle)
    let top = y - Self.gap + 8
    for tick in axis.ticks {
      add(.fill(Box(x: axis.x(tick), y: y - Self.gap, width: 1, height: 5), .muted, title: nil))
      add(.text(axis.label(tick), x: axis.x(tick), top: top, style))
    }
    y = top + style.capHeight + 18
  }

  /// Dashed lines through all panels; the first epoch's border is the page's own.
  private mutating func addEpochBorders(from top: Int) {
    for epoch in portrait.epochs where epoch.start > .zero {
      let title = "epoch \(epoch.index) from \(epoch.start.clock(decimals: 3)): \(epoch.reason.rawValue)"
      let x = min(axis.x(epoch.start), axis.right - 2)
      add(.dashes(x: x, top: top, bottom: y - Self.gap, .epoch, title: title))
    }
  }
}
