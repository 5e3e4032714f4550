import Media

/// Writes shapes as SVG elements; colours come from the page's style sheet by class.
struct SVGWriter {
  private var elements: [String] = []

  mutating func write(_ shape: Shape) {
    switch shape {
    case .fill(let box, let ink, let title): add("rect", "class=\"\(ink.rawValue)\" \(place(box))", title)
    case .hatch(let box, let title): add("rect", "fill=\"url(#missing)\" \(place(box))", title)
    case .bars(let bars, let ink): write(bars, ink)
    case .dashes(let x, let top, let bottom, let ink, let title):
      add("path", "class=\"dashes \(ink.rawValue)\" d=\"M\(x + 1),\(top)V\(bottom)\"", title)
    case .text(let text, let x, let top, let style): write(text, x, top, style)
    case .image: break  // comes encoded, by the call below
    }
  }

  mutating func image(png: [UInt8], _ box: Box, _ title: String?) {
    let address = "data:image/png;base64,\(base64(png))"
    add("image", "\(place(box)) preserveAspectRatio=\"none\" href=\"\(address)\"", title)
  }

  /// The whole element.
  /// - Parameter label: what it shows, escaped.
  func finish(_ scene: Scene, label: String) -> String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(scene.width) \(scene.height)" role="img" aria-label="\(label)">
    <defs><pattern id="missing" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">\
    <rect class="gapGround" width="6" height="6"/><line class="slant" y2="6"/></pattern></defs>
    \(elements.joined(separator: "\n"))
    </svg>
    """
  }

  private mutating func add(_ name: String, _ attributes: String, _ title: String?) {
    if let title {
      elements.append("<\(name) \(attributes)><title>\(escaped(title))</title></\(name)>")
    } else {
      elements.append("<\(name) \(attributes)/>")
    }
  }

  private mutating func write(_ bars: [Bar], _ ink: Ink) {
    let path = bars.map { "M\($0.x),\($0.top)h1V\($0.bottom)h-1z" }.joined()
    add("path", "class=\"\(ink.rawValue)\" d=\"\(path)\"", nil)
  }

  private mutating func write(_ text: String, _ x: Int, _ top: Int, _ style: TextStyle) {
    guard !text.isEmpty else { return }
    let size = style.size == .title ? " large" : ""
    let place = "x=\"\(x)\" y=\"\(top + style.capHeight)\" text-anchor=\"\(style.anchor.rawValue)\""
    elements.append("<text class=\"\(style.ink.rawValue)\(size)\" \(place)>\(escaped(text))</text>")
  }

  private func place(_ box: Box) -> String {
    "x=\"\(box.x)\" y=\"\(box.y)\" width=\"\(box.width)\" height=\"\(box.height)\""
  }
}

/// RFC 4648, with padding.
func base64(_ bytes: [UInt8]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var text: [UInt8] = []
  text.reserveCapacity((bytes.count + 2) / 3 * 4)
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = bytes[start..<min(start + 3, bytes.count)]
    let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
    for digit in 0..<4 {
      text.append(digit <= group.count ? alphabet[bits >> (18 - 6 * digit) & 63] : UInt8(ascii: "="))
    }
  }
  return String(decoding: text, as: UTF8.self)
}
