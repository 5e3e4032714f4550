import Media

@testable import Encode

/// The test signals of Goldens/builtin.py, made of whole numbers so that both sides have the same samples.
enum Signals {
  /// [count] whole numbers in −32768…32767.
  static func noise(_ count: Int, seed: UInt32) -> [Int] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return Int(state >> 16) - 32768
    }
  }

  /// [count] whole numbers in −16384…16384, `step` / 65536 turns per sample.
  static func triangle(_ count: Int, step: Int) -> [Int] {
    (0..<count).map { abs($0 * step % 65536 - 32768) - 16384 }
  }

  /// Three tones struck anew every quarter of a second, with some noise.
  static func chord(_ count: Int) -> [Float] {
    let tones = [1802, 2269, 5400].map { triangle(count, step: $0) }
    let grain = noise(count, seed: 1)
    return (0..<count).map { i in
      let struck = (tones[0][i] + tones[1][i] + tones[2][i]) * (4000 - i % 4000)
      return Float((struck >> 12) + (grain[i] >> 6)) / 131_072
    }
  }

  /// Noise that swells from silence, with a low hum.
  static func hiss(_ count: Int) -> [Float] {
    let (grain, hum) = (noise(count, seed: 7), triangle(count, step: 410))
    return (0..<count).map { Float(((grain[$0] * $0) >> 12) + hum[$0] * 4) / 1_048_576 }
  }

  /// Slopes, a bright box that moves with `shift`, and grain.
  static func painting(_ width: Int, _ height: Int, shift: Int, seed: UInt32) -> RGBImage {
    let grain = noise(width * height, seed: seed).map { ($0 % 16 + 16) % 16 }
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        let g = grain[y * width + x]
        let inBox =
          x > width / 4 + shift && x < width / 2 + shift && y > height / 3 && y < height - height / 4
        pixels.append(UInt8((inBox ? 220 : x * 160 / width) + g))
        pixels.append(UInt8((inBox ? 60 : y * 200 / height) + g))
        pixels.append(UInt8((x + y) * 120 / (width + height) + 2 * g))
      }
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  static func plain(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> RGBImage {
    RGBImage(width: 16, height: 9, pixels: (0..<144).flatMap { _ in [red, green, blue] })
  }
}

let sound = Slot(.audio)
let sight = Slot(.video)

func run(_ samples: [Float], at first: Int64 = 0, rate: Int = 16000, slot: Slot = sound, epoch: Int32 = 0) -> Item {
  .sound(AudioRun(slot: slot, epoch: epoch, firstSample: first, rate: rate, samples: samples))
}

func picture(_ image: RGBImage, _ index: Int64, rate: Ratio = Ratio(2), valid: Float = 1) -> Item {
  .picture(Picture(slot: sight, epoch: 0, instant: Instant(index: index, rate: rate), valid: valid, image: image))
}

extension EncodeStage {
  /// Everything the items give, with the epoch closed behind them.
  mutating func steps(_ items: [Item]) throws -> [Step] {
    let closed = Item.mark(.closed(epoch: 0, end: .end))
    return try (items + [closed]).flatMap { try accept($0) }.compactMap { encoded in
      if case .step(let step) = encoded { step } else { nil }
    }
  }
}

/// The plain mean of step vectors.
func mean(_ steps: [Step]) -> [Float] {
  steps[0].vector.indices.map { i in
    Float(steps.reduce(0.0) { $0 + Double($1.vector[i]) } / Double(steps.count))
  }
}

func cosine(_ a: [Float]?, _ b: [Float]?) -> Float { zip(a ?? [], b ?? []).reduce(0) { $0 + $1.0 * $1.1 } }

/// Largest |a − b|, relative where b is above 1.
func difference(_ a: [Float], _ b: [Float]) -> Float {
  a.count == b.count ? zip(a, b).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0 : .infinity
}

/// Numbers parted by white space.
func numbers(_ text: String) -> [Float] { text.split(whereSeparator: \.isWhitespace).map { Float($0) ?? .nan } }
