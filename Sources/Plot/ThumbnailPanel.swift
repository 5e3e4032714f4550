import Media

/// A row of pictures, the left edge of each at the instant at which it is on screen.
extension Page {
  private static let height = 81
  private static let spacing = 8

  mutating func addThumbnails() {
    guard !portrait.thumbnails.isEmpty else { return }
    let style = TextStyle()
    var labelsFreeFrom = axis.left
    for (thumbnail, x) in placedThumbnails() {
      let box = Box(x: x, y: y, width: Self.width(of: thumbnail.image), height: Self.height)
      let time = axis.label(thumbnail.position)
      add(.image(thumbnail.image, box, title: thumbnail.position.clock(decimals: 3)))
      if x >= labelsFreeFrom {
        add(.text(time, x: x, top: box.bottom + 6, style))
        labelsFreeFrom = x + style.width(of: time) + style.advance
      }
    }
    y += Self.height + 6 + style.capHeight + Self.gap
  }

  /// As many as there is room for, evenly spread: the one nearest to the start of each part of the row. Only the
  /// last may stand left of its instant, to end with the row.
  private func placedThumbnails() -> [(Thumbnail, x: Int)] {
    let widest = portrait.thumbnails.map { Self.width(of: $0.image) }.max() ?? 1
    let parts = max(1, axis.width / (widest + Self.spacing))
    var placed: [(Thumbnail, x: Int)] = []
    var freeFrom = axis.left
    for part in 0..<parts {
      let start = TimeSpan(flicks: scale(axis.span.flicks, by: Int64(part), over: Int64(parts)))
      let free = portrait.thumbnails.filter { axis.x($0.position) >= freeFrom }
      let nearest = free.min { ($0.position - start).magnitude < ($1.position - start).magnitude }
      guard let nearest, axis.x(nearest.position) < axis.x(start) + axis.width / parts else { continue }
      let x = min(axis.x(nearest.position), axis.right - Self.width(of: nearest.image))
      guard x >= freeFrom else { continue }
      placed.append((nearest, x))
      freeFrom = x + Self.width(of: nearest.image) + Self.spacing
    }
    return placed
  }

  /// At the row's height, within sensible bounds.
  private static func width(of image: RGBImage) -> Int {
    guard image.height > 0 else { return 1 }
    return min(max(1, image.width * height / image.height), 2 * height)
  }
}
