import Media

/// A page of simple shapes, in drawing order: laid out once, then drawn as dots or as SVG.
/// Coordinates are whole pixels from the upper left corner.
struct Scene: Sendable {
  var width: Int
  var height: Int
  var shapes: [Shape] = []
}

enum Shape: Sendable {
  /// A filled box; `title` is what a hover shows.
  case fill(Box, Ink, title: String?)
  /// A box of slanted lines: content is missing here.
  case hatch(Box, title: String?)
  /// Upright bars, one pixel wide each.
  case bars([Bar], Ink)
  /// A dashed upright line, two pixels wide.
  case dashes(x: Int, top: Int, bottom: Int, Ink, title: String?)
  case text(String, x: Int, top: Int, TextStyle)
  case image(RGBImage, Box, title: String?)
}

struct Box: Hashable, Sendable {
  var x: Int
  var y: Int
  var width: Int
  var height: Int
  var right: Int { x + width }
  var bottom: Int { y + height }
}

struct Bar: Hashable, Sendable {
  var x: Int
  var top: Int
  var bottom: Int
}

struct TextStyle: Hashable, Sendable {
  enum Anchor: String, Sendable { case start, middle, end }

  /// Pixels per dot of the drawn characters.
  enum Size: Int, Sendable { case body = 2, title = 3 }

  var size = Size.body
  var ink = Ink.muted
  var anchor = Anchor.start

  static let label = TextStyle(anchor: .end)

  /// Height of capitals in pixels.
  var capHeight: Int { 7 * size.rawValue }
  /// From one character to the next, in pixels.
  var advance: Int { 6 * size.rawValue }

  func width(of text: String) -> Int { max(0, text.count * advance - size.rawValue) }
}

/// What a colour means; dots use the light one, HTML both.
enum Ink: String, CaseIterable, Sendable {
  case page, panel, grid, ink, muted
  case audio, video, text
  case gap, gapGround, epoch
  case exact, quantised, inferred, unlocked
  case offset, interval

  var light: RGB { palette.light }
  var dark: RGB { palette.dark }

  private var palette: (light: RGB, dark: RGB) {
    switch self {
    case .page: (0xFFFFFF, 0x14171C)
    case .panel: (0xF4F6F8, 0x1D2128)
    case .grid: (0xE1E5EA, 0x2C323C)
    case .ink: (0x1A1F26, 0xE8EBF0)
    case .muted: (0x667080, 0x98A2B3)
    case .audio: (0x3B76D6, 0x6FA3F5)
    case .video: (0x2A9D8F, 0x4FC3B4)
    case .text: (0x8B6BC9, 0xB397EA)
    case .gap: (0xD8434A, 0xFF7A7F)
    case .gapGround: (0xFBE4E4, 0x45242A)
    case .epoch: (0xB45309, 0xF2A65A)
    case .exact: (0x3A9B4B, 0x66C777)
    case .quantised: (0xE0A21B, 0xF2C14E)
    case .inferred: (0xE2672F, 0xFF925C)
    case .unlocked: (0xB3203F, 0xF0597A)
    case .offset: (0x274C9B, 0x8FB4FF)
    case .interval: (0xC5D5F2, 0x2F4470)
    }
  }

  init(_ state: TimeState) {
    switch state {
    case .exact: self = .exact
    case .quantised: self = .quantised
    case .inferred: self = .inferred
    case .unlocked: self = .unlocked
    }
  }

  init(_ modality: Modality) {
    switch modality {
    case .audio: self = .audio
    case .video: self = .video
    case .text: self = .text
    }
  }
}

/// A colour written `0xRRGGBB`.
struct RGB: Hashable, Sendable, ExpressibleByIntegerLiteral {
  let red: UInt8
  let green: UInt8
  let blue: UInt8

  init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  init(integerLiteral value: UInt32) {
    red = UInt8(truncatingIfNeeded: value >> 16)
    green = UInt8(truncatingIfNeeded: value >> 8)
    blue = UInt8(truncatingIfNeeded: value)
  }
}
