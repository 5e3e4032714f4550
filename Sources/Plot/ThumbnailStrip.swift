package import Media

/// At most `capacity` small pictures, evenly spread over a stream of any length. Only pictures that are kept for a
/// while are ever made small: of N that come, some `capacity · log N`.
package struct ThumbnailStrip: Sendable {
  /// Small pictures fit into this, in pixels.
  package static let size = (width: 160, height: 90)

  package var thumbnails: [Thumbnail] { bins.bins.map(\.value) }

  private var bins: TimeBins<Thumbnail>

  package init(capacity: Int = 96) {
    bins = TimeBins(capacity: capacity, width: TimeSpan(flicks: 1)) { _, _ in }  // the earlier one stays
  }

  package mutating func add(_ image: RGBImage, at position: TimeSpan) {
    guard image.width > 0, image.height > 0, !bins.isTaken(at: position) else { return }
    let small = image.reduced(toFit: Self.size.width, Self.size.height)
    bins.add(Thumbnail(position: position.drawable, image: small), at: position)
  }
}

extension RGBImage {
  /// Made small enough to fit into `width × height`, each pixel the mean of the box it stands for; never enlarged.
  func reduced(toFit width: Int, _ height: Int) -> RGBImage {
    guard self.width > width || self.height > height else { return self }
    // The tighter side decides; compared as products to stay exact.
    let isWide = self.width * height >= self.height * width
    let newWidth = isWide ? width : max(1, self.width * height / self.height)
    let newHeight = isWide ? max(1, self.height * width / self.width) : height
    var reduced: [UInt8] = []
    reduced.reserveCapacity(3 * newWidth * newHeight)
    for row in 0..<newHeight {
      let rows = Self.box(row, of: newHeight, over: self.height)
      for column in 0..<newWidth {
        reduced += mean(rows: rows, columns: Self.box(column, of: newWidth, over: self.width))
      }
    }
    return RGBImage(width: newWidth, height: newHeight, pixels: reduced)
  }

  /// The source pixels that pixel `index` of `count` stands for: at least one.
  private static func box(_ index: Int, of count: Int, over length: Int) -> Range<Int> {
    let start = index * length / count
    return start..<max(start + 1, (index + 1) * length / count)
  }

  /// Mean red, green and blue, rounded.
  private func mean(rows: Range<Int>, columns: Range<Int>) -> [UInt8] {
    var red = 0
    var green = 0
    var blue = 0
    for row in rows {
      var offset = 3 * (row * width + columns.lowerBound)
      for _ in columns {
        red += Int(pixels[offset])
        green += Int(pixels[offset + 1])
        blue += Int(pixels[offset + 2])
        offset += 3
      }
    }
    let count = rows.count * columns.count
    return [red, green, blue].map { UInt8(($0 + count / 2) / count) }
  }
}
