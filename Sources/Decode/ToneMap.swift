import CFFmpeg
import Glibc
import Media

/// HDR to SDR. Light relative to 203 cd/m² (the graphics white of ITU-R BT.2408) goes from BT.2020 to BT.709
/// primaries, through the extended Reinhard curve `y = x (1 + x/w²) / (1 + x)` with white at 1000 cd/m², and
/// out by the BT.709 transfer function's inverse display gamma 2.4 (BT.1886).
struct ToneMap {
  enum Curve {
    /// SMPTE ST 2084 (PQ).
    case perceptual
    /// ARIB STD-B67 (HLG), with the system gamma 1.2 of a 1000 cd/m² display applied per channel.
    case hybridLogGamma

    init?(_ transfer: AVColorTransferCharacteristic) {
      switch transfer {
      case AVCOL_TRC_SMPTE2084: self = .perceptual
      case AVCOL_TRC_ARIB_STD_B67: self = .hybridLogGamma
      default: return nil
      }
    }

    /// Light in units of graphics white for a signal in 0…1.
    func light(_ signal: Float) -> Float {
      switch self {
      case .perceptual:
        let power = powf(signal, 1 / 78.84375)
        let linear = powf(max(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power), 1 / 0.1593017578125)
        return linear * 10_000 / 203
      case .hybridLogGamma:
        let scene = signal <= 0.5 ? signal * signal / 3 : (expf((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12
        return powf(scene, 1.2) * 1000 / 203
      }
    }
  }

  let curve: Curve
  /// Light by the upper 12 bits of a 16-bit signal.
  private let light: [Float]
  /// 8-bit code by light in 0…1, 4096 steps.
  private let code: [UInt8]

  init(_ curve: Curve) {
    self.curve = curve
    light = (0..<4096).map { curve.light((Float($0) + 0.5) / 4096) }
    code = (0..<4096).map { UInt8((powf((Float($0) + 0.5) / 4096, 1 / 2.4) * 255).rounded()) }
  }

  /// - Parameter wide: 16-bit little-endian RGB, packed.
  func map(_ wide: [UInt8], width: Int, height: Int) -> RGBImage {
    let pixels = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { buffer, filled in
      for n in 0..<width * height {
        let at = 6 * n
        func channel(_ c: Int) -> Float { light[Int(wide[at + 2 * c + 1]) << 4 | Int(wide[at + 2 * c] >> 4)] }
        let (r, g, b) = (channel(0), channel(1), channel(2))
        // BT.2020 → BT.709 primaries (ITU-R BT.2087).
        buffer[3 * n] = encode(1.6605 * r - 0.5876 * g - 0.0728 * b)
        buffer[3 * n + 1] = encode(-0.1246 * r + 1.1329 * g - 0.0083 * b)
        buffer[3 * n + 2] = encode(-0.0182 * r - 0.1006 * g + 1.1187 * b)
      }
      filled = 3 * width * height
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  private func encode(_ light: Float) -> UInt8 {
    let white: Float = 1000.0 / 203
    let x = max(light, 0)
    let y = x * (1 + x / (white * white)) / (1 + x)
    return code[min(Int(y * 4096), 4095)]
  }
}
