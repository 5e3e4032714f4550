import Media
import Testing

@testable import Decode

/// A, b, c, d of a display matrix: the eight ways to lay a rectangle.
private let layings: [(Int32, Int32, Int32, Int32)] = [
  (1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0), (-1, 0, 0, 1), (1, 0, 0, -1), (0, 1, 1, 0),
  (0, -1, -1, 0),
]

@Suite struct OrientationTests {
  private func orientation(_ a: Int32, _ b: Int32, _ c: Int32, _ d: Int32) -> Orientation {
    let matrix = [a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30]
    return unsafe matrix.withUnsafeBufferPointer { unsafe Orientation(matrix: $0.baseAddress) }
  }

  /// A picture whose every pixel tells its own place.
  private func stored(_ width: Int, _ height: Int) -> RGBImage {
    let pixels = (0..<width * height).flatMap { [UInt8($0 % width), UInt8($0 / width), 9] as [UInt8] }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  /// Carries every stored pixel to its place by the matrix itself: `x' = a·x + c·y`, `y' = b·x + d·y`, the result
  /// moved to the origin.
  private func laid(_ image: RGBImage, _ a: Int, _ b: Int, _ c: Int, _ d: Int) -> [UInt8] {
    let width = abs(a) * image.width + abs(c) * image.height
    var pixels = [UInt8](repeating: 0, count: image.pixels.count)
    for y in 0..<image.height {
      for x in 0..<image.width {
        let (u, v) = (a * x + c * y, b * x + d * y)
        let across = a + c < 0 ? u + width - 1 : u
        let down = b + d < 0 ? v + image.width * image.height / width - 1 : v
        pixels.replaceSubrange(
          3 * (down * width + across)..<3 * (down * width + across) + 3,
          with: image.pixels[3 * (y * image.width + x)..<3 * (y * image.width + x) + 3])
      }
    }
    return pixels
  }

  @Test(arguments: layings)
  func everyLayingGoesByTheMatrix(_ a: Int32, _ b: Int32, _ c: Int32, _ d: Int32) {
    let image = stored(3, 2)
    let turned = orientation(a, b, c, d).apply(to: image)
    #expect(turned.width == (a == 0 ? 2 : 3) && turned.height == (a == 0 ? 3 : 2))
    #expect(turned.pixels == laid(image, Int(a), Int(b), Int(c), Int(d)))
  }

  @Test func withoutAMatrixAPictureStaysAsItIs() {
    let upright = unsafe Orientation(matrix: nil)
    #expect(upright == orientation(1, 0, 0, 1))
    #expect(upright.apply(to: stored(3, 2)).pixels == stored(3, 2).pixels)
  }

  @Test func anAngleBetweenTheQuartersGoesToTheNearest() {
    #expect(orientation(100, 30, -30, 100) == orientation(1, 0, 0, 1))
    #expect(orientation(30, 100, -100, 30) == orientation(0, 1, -1, 0))
  }
}
