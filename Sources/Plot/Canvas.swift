import Media

/// Dots to draw on. Whatever lies outside is left out.
struct Canvas {
  let width: Int
  let height: Int
  private var pixels: [UInt8]

  init(_ scene: Scene) {
    width = scene.width
    height = scene.height
    pixels = [UInt8](repeating: 0, count: 3 * width * height)
    fill(Box(x: 0, y: 0, width: width, height: height), .page)
    for shape in scene.shapes { draw(shape) }
  }

  var image: RGBImage { RGBImage(width: width, height: height, pixels: pixels) }

  private mutating func draw(_ shape: Shape) {
    switch shape {
    case .fill(let box, let ink, _): fill(box, ink)
    case .hatch(let box, _): hatch(box)
    case .bars(let bars, let ink):
      for bar in bars { fill(Box(x: bar.x, y: bar.top, width: 1, height: bar.bottom - bar.top), ink) }
    case .dashes(let x, let top, let bottom, let ink, _):
      for y in stride(from: top, to: bottom, by: 8) {
        fill(Box(x: x, y: y, width: 2, height: min(5, bottom - y)), ink)
      }
    case .text(let text, let x, let top, let style): write(text, x, top, style)
    case .image(let image, let box, _): place(image, box)
    }
  }

  private mutating func fill(_ box: Box, _ ink: Ink) {
    let color = ink.light
    forEachPixel(of: box) { _, _ in color }
  }

  private mutating func hatch(_ box: Box) {
    let (line, ground) = (Ink.gap.light, Ink.gapGround.light)
    forEachPixel(of: box) { x, y in (x + y) % 6 < 2 ? line : ground }
  }

  /// Made smaller by means, larger by repetition.
  private mutating func place(_ image: RGBImage, _ box: Box) {
    let image = image.reduced(toFit: box.width, box.height)
    guard image.width > 0, image.height > 0 else { return }
    forEachPixel(of: box) { x, y in
      let row = (y - box.y) * image.height / box.height
      let source = 3 * (row * image.width + (x - box.x) * image.width / box.width)
      return RGB(red: image.pixels[source], green: image.pixels[source + 1], blue: image.pixels[source + 2])
    }
  }

  private mutating func forEachPixel(of box: Box, _ color: (Int, Int) -> RGB) {
    for y in Self.inside(box.y, box.bottom, limit: height) {
      for x in Self.inside(box.x, box.right, limit: width) {
        let color = color(x, y)
        let target = 3 * (y * width + x)
        pixels[target] = color.red
        pixels[target + 1] = color.green
        pixels[target + 2] = color.blue
      }
    }
  }

  private static func inside(_ from: Int, _ to: Int, limit: Int) -> Range<Int> {
    let start = min(max(0, from), limit)
    return start..<max(start, min(to, limit))
  }
}

extension Canvas {
  private mutating func write(_ text: String, _ x: Int, _ top: Int, _ style: TextStyle) {
    let width = style.width(of: text)
    var left =
      switch style.anchor {
      case .start: x
      case .middle: x - width / 2
      case .end: x - width
      }
    for character in text {
      draw(Font.glyph(character), left, top, style)
      left += style.advance
    }
  }

  /// Enlarged dots, with the inner corners of slanted strokes filled.
  private mutating func draw(_ glyph: Font.Glyph, _ left: Int, _ top: Int, _ style: TextStyle) {
    let size = style.size.rawValue
    for row in 0..<FontSheet.rows {
      for column in 0..<FontSheet.columns {
        let (x, y) = (left + column * size, top + row * size)
        if glyph.isSet(column, row) {
          fill(Box(x: x, y: y, width: size, height: size), style.ink)
        } else {
          round(glyph, column, row, x, y, style)
        }
      }
    }
  }

  /// An empty dot between two diagonal neighbours takes a bit of ink in the corner that they share.
  private mutating func round(_ glyph: Font.Glyph, _ column: Int, _ row: Int, _ x: Int, _ y: Int, _ style: TextStyle) {
    let size = style.size.rawValue
    let corner = size / 2
    for (dx, dy) in [(-1, -1), (1, -1), (-1, 1), (1, 1)]
    where glyph.isSet(column + dx, row) && glyph.isSet(column, row + dy) && !glyph.isSet(column + dx, row + dy) {
      let box = Box(
        x: dx < 0 ? x : x + size - corner, y: dy < 0 ? y : y + size - corner, width: corner, height: corner)
      fill(box, style.ink)
    }
  }
}
