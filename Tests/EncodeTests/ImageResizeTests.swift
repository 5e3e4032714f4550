import Foundation
import Media
import Testing

@testable import Encode

@Suite struct ImageResizeTests {
  @Test func `samples are those of Pillow and torchvision, to the bit`() throws {
    let folder = URL(fileURLWithPath: CheckpointCases.golden("resize"))
    let cases = try JSONDecoder().decode(
      [Golden].self, from: Data(contentsOf: folder.appendingPathComponent("cases.json")))
    #expect(cases.count == 28)
    for golden in cases {
      let image = RGBImage(
        width: golden.width, height: golden.height,
        pixels: [UInt8](try Data(contentsOf: folder.appendingPathComponent(golden.file))))
      let expected = [UInt8](try Data(contentsOf: folder.appendingPathComponent(golden.expected)))
      #expect(golden.whole(image) == expected, "\(golden)")
      #expect(golden.middle(image) == golden.middle(of: expected), "the middle of \(golden)")
    }
  }

  @Test func `weights are kept for one size and made anew for another`() {
    var resize = ImageResize(.bicubic, .torchvision)
    var pixels: [UInt8] = []
    for side in [9, 5, 9] {
      let image = RGBImage(width: side, height: side, pixels: [UInt8](repeating: 77, count: 3 * side * side))
      resize.apply(
        image,
        .init(source: .whole(image), width: 4, height: 4, window: PixelRect(left: 0, top: 0, width: 4, height: 4)),
        to: &pixels)
      #expect(pixels == [UInt8](repeating: 77, count: 48))
    }
  }
}

extension PixelRect {
  fileprivate static func whole(_ image: RGBImage) -> PixelRect {
    PixelRect(left: 0, top: 0, width: image.width, height: image.height)
  }
}

private struct Golden: Decodable {
  let file: String
  let width: Int
  let height: Int
  let toWidth: Int
  let toHeight: Int
  let filter: String
  let backend: String
  let expected: String

  func whole(_ image: RGBImage) -> [UInt8] {
    resized(image, PixelRect(left: 0, top: 0, width: toWidth, height: toHeight))
  }

  func middle(_ image: RGBImage) -> [UInt8] { resized(image, window) }

  func middle(of pixels: [UInt8]) -> [UInt8] {
    (0..<window.height).flatMap { row in
      let start = ((window.top + row) * toWidth + window.left) * 3
      return pixels[start..<start + window.width * 3]
    }
  }

  private var window: PixelRect {
    PixelRect(left: toWidth / 3, top: toHeight / 4, width: toWidth / 2, height: toHeight / 2)
  }

  private func resized(_ image: RGBImage, _ window: PixelRect) -> [UInt8] {
    var resize = ImageResize(
      filter == "bicubic" ? .bicubic : .bilinear, backend == "pillow" ? .pillow : .torchvision)
    var pixels: [UInt8] = []
    resize.apply(image, .init(source: .whole(image), width: toWidth, height: toHeight, window: window), to: &pixels)
    return pixels
  }
}
