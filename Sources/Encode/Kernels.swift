import CKernels

/// The C loops behind checked lengths. "Lanes" is a flat array [rows][16]: lane l belongs to frame l.
enum Kernels {
  static let lanes = Int(CK_LANES)
  static let transform = Int(CK_FFT)
  static let bins = transform / 2 + 1
  static let side = Int(CK_SIDE)
  static let area = side * side

  /// Sparse weighted sums over rows, flattened for the C loop.
  struct Bands: Sendable {
    fileprivate var starts: [Int32] = []
    fileprivate var counts: [Int32] = []
    fileprivate var weights: [Float] = []
    fileprivate var end = 0
    var count: Int { starts.count }

    /// matrix: [band][row]; zeros at both ends of a band are left out.
    init(_ matrix: [[Double]]) {
      for band in matrix {
        let first = band.firstIndex { $0 != 0 } ?? 0
        let last = band.lastIndex { $0 != 0 } ?? -1
        starts.append(Int32(first))
        counts.append(Int32(last + 1 - first))
        weights += band[first..<last + 1].map { Float($0) }
        end = max(end, last + 1)
      }
    }
  }

  /// samples: [hop · (frames − 1) + window] from `first` on → power: [fourier.bins] lanes, |X|² · scale.
  /// work: [fourier.size] lanes.
  static func spectra(
    _ samples: [Float], from first: Int = 0, hop: Int, frames: Int, window: [Float], fourier: Fourier, scale: Float,
    work: inout [Float], power: inout [Float]
  ) {
    precondition(frames >= 1 && frames <= lanes && window.count <= fourier.size && first >= 0 && hop >= 0)
    precondition(samples.count - first >= hop * (frames - 1) + window.count)
    precondition(work.count == fourier.size * lanes && power.count == fourier.bins * lanes)
    unsafe samples.withUnsafeBufferPointer { samples in
      unsafe fourier.withTables { tables in
        unsafe ck_spectra(
          samples.baseAddress! + first, Int32(hop), Int32(frames), window, Int32(window.count), tables, scale, &work,
          &power)
      }
    }
  }

  /// power: [fourier.bins] lanes → harmonicity: [1] lanes over the lags of `expected` from `first` on.
  /// work: [fourier.size] lanes.
  static func harmonicity(
    _ power: [Float], fourier: Fourier, expected: [Float], first: Int, floor: Float, work: inout [Float],
    out: inout [Float]
  ) {
    precondition(fourier.size == transform && expected.count <= transform)
    precondition(power.count == bins * lanes && work.count == transform * lanes && out.count == lanes)
    unsafe fourier.withTables { unsafe ck_autocorrelation(power, $0, &work) }
    unsafe ck_harmonicity(work, expected, Int32(first), Int32(expected.count), floor, &out)
  }

  /// rows → out: [bands] lanes.
  static func sum(_ rows: [Float], _ bands: Bands, out: inout [Float]) {
    precondition(rows.count >= bands.end * lanes && out.count == bands.count * lanes)
    unsafe ck_bands(rows, bands.starts, bands.counts, bands.weights, Int32(bands.count), &out)
  }

  /// ln(1 + values · scale), values ≥ 0.
  static func log1p(_ values: [Float], scale: Float, out: inout [Float]) {
    precondition(values.count == out.count)
    unsafe ck_log1p(values, scale, values.count, &out)
  }

  /// rows: [bands] lanes → out: ln(max(floor, row)) · scale + shift of its band.
  static func logarithms(_ rows: [Float], floor: Float, scales: [Float], shifts: [Float], out: inout [Float]) {
    precondition(floor.isNormal && rows.count == out.count)
    precondition(rows.count == scales.count * lanes && scales.count == shifts.count)
    unsafe ck_log_bands(rows, floor, scales, shifts, Int32(scales.count), &out)
  }

  static func roots(_ values: [Float], out: inout [Float]) {
    precondition(values.count == out.count)
    unsafe ck_roots(values, values.count, &out)
  }

  /// power: [bins] lanes → out: [4] lanes: sum, centroid, bandwidth, 85 % roll-off.
  static func moments(_ power: [Float], floor: Float, out: inout [Float]) {
    precondition(power.count == bins * lanes && out.count == 4 * lanes)
    unsafe ck_moments(power, floor, &out)
  }

  /// pixels: packed RGB → planes: [3][area] in sixteenths of a grey level. sums: grown as needed.
  static func shrink(_ pixels: [UInt8], width: Int, height: Int, sums: inout [UInt32], planes: inout [UInt16]) {
    precondition(width > 0 && height > 0 && pixels.count == 3 * width * height && planes.count == 3 * area)
    if sums.count < 3 * width { sums = [UInt32](repeating: 0, count: 3 * width) }
    unsafe ck_shrink(pixels, width, height, &sums, &planes)
  }

  static func luma(_ planes: [UInt16], out: inout [UInt16]) {
    precondition(planes.count == 3 * area && out.count == area)
    unsafe ck_luma(planes, &out)
  }

  /// Sums over 4 × 4 pixels of plane number `index` → [32 · 32].
  static func cells(_ planes: [UInt16], _ index: Int = 0) -> [Int32] {
    precondition(planes.count >= area * (index + 1))
    return unsafe [Int32](unsafeUninitializedCapacity: area / 16) { out, count in
      unsafe planes.withUnsafeBufferPointer { unsafe ck_cells($0.baseAddress! + area * index, out.baseAddress!) }
      count = area / 16
    }
  }

  /// → [4 · 4 · 8] gradient sums; see CKernels.h.
  static func edges(_ luma: [UInt16]) -> [Int32] {
    precondition(luma.count == area)
    var out = [Int32](repeating: 0, count: 128)
    unsafe ck_edges(luma, &out)
    return out
  }

  /// → [4 · 4] sums of absolute differences.
  static func motion(_ a: [UInt16], _ b: [UInt16]) -> [Int32] {
    precondition(a.count == area && b.count == area)
    var out = [Int32](repeating: 0, count: 16)
    unsafe ck_motion(a, b, &out)
    return out
  }
}

extension Fourier {
  fileprivate func withTables<Result>(_ body: (ck_fourier) -> Result) -> Result {
    unsafe twiddles.withUnsafeBufferPointer { twiddles in
      unsafe order.withUnsafeBufferPointer { order in
        unsafe body(ck_fourier(size: Int32(size), twiddles: twiddles.baseAddress, order: order.baseAddress))
      }
    }
  }
}
