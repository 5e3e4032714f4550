package import Media

/// The portrait as one HTML file that needs nothing else: an SVG with the pictures inside, light or dark as the
/// reader prefers, details on hover, and tables below. It runs no script and loads nothing.
package enum PortraitHTML {
  /// - Parameter encode: makes a PNG file of a picture.
  /// - Throws: what `encode` throws.
  package static func render<Failure: Error>(
    _ portrait: SourcePortrait, encode: (RGBImage) throws(Failure) -> [UInt8]
  ) throws(Failure) -> String {
    let scene = Page(portrait).scene
    var writer = SVGWriter()
    for shape in scene.shapes {
      if case .image(let image, let box, let title) = shape {
        writer.image(png: try encode(image), box, title)
      } else {
        writer.write(shape)
      }
    }
    let name = escaped(portrait.name.isEmpty ? "unnamed source" : portrait.name)
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(name)</title>
      <style>
      \(StyleSheet.text)
      </style>
      </head>
      <body>
      \(writer.finish(scene, label: name))
      \(PortraitTables.text(portrait))
      </body>
      </html>

      """
  }
}

/// Text as HTML content or attribute value: nothing in it is markup.
func escaped(_ text: String) -> String {
  var result = ""
  for character in harmless(text) {
    switch character {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    default: result.append(character)
    }
  }
  return result
}

/// One class for each meaning of colour, and dark values for those who prefer them.
private enum StyleSheet {
  static var text: String {
    let light = Ink.allCases.map { "--\($0.rawValue):\(hex($0.light))" }.joined(separator: ";")
    let dark = Ink.allCases.map { "--\($0.rawValue):\(hex($0.dark))" }.joined(separator: ";")
    let classes = Ink.allCases.map(\.rawValue).map { name in
      ".\(name){fill:var(--\(name))}.dashes.\(name){stroke:var(--\(name))}"
    }.joined()
    return """
      :root{color-scheme:light dark;\(light)}
      @media (prefers-color-scheme:dark){:root{\(dark)}}
      body{margin:0 auto;max-width:1600px;background:var(--page);color:var(--ink);font:15px system-ui,sans-serif}
      svg{display:block;width:100%;height:auto}
      svg text{font:15px system-ui,sans-serif;font-variant-numeric:tabular-nums}
      svg text.large{font-size:24px;font-weight:600}
      .dashes{stroke-width:2;stroke-dasharray:5 3}
      .slant{stroke:var(--gap);stroke-width:2}
      section{margin:0 2.5% 28px}
      h2{font-size:16px;margin:0 0 8px}
      table{border-collapse:collapse;font-variant-numeric:tabular-nums}
      th,td{padding:3px 24px 3px 0;text-align:left;border-bottom:1px solid var(--grid)}
      th{color:var(--muted);font-weight:500}
      \(classes)
      """
  }

  private static func hex(_ color: RGB) -> String {
    let value = UInt32(color.red) << 16 | UInt32(color.green) << 8 | UInt32(color.blue)
    let digits = String(value, radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }
}
