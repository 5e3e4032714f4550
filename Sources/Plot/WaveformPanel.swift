import Glibc
import Media

/// Lowest and highest sample over time, drawn as large as the loudest allows; the figure says how loud that is.
extension Page {
  private static let mostTracks = 8

  mutating func addWaveforms() {
    let waveforms = portrait.waveforms.prefix(Self.mostTracks)
    let height =
      switch waveforms.count {
      case ...1: 96
      case 2: 64
      default: 44
      }
    for (slot, envelope) in waveforms {
      let label = waveforms.count == 1 ? "sound" : slot.name
      let panel = addPanel(height: height, label: label, figure: Self.level(envelope.peak))
      let middle = panel.y + panel.height / 2
      add(.fill(Box(x: panel.x, y: middle, width: panel.width, height: 1), .grid, title: nil))
      add(.bars(bars(envelope, in: panel), .audio))
    }
  }

  /// One bar a column, from lowest to highest of all bins in it.
  private func bars(_ envelope: WaveformEnvelope, in panel: Box) -> [Bar] {
    var columns = [WaveformEnvelope.Range?](repeating: nil, count: panel.width)
    for (start, end, range) in envelope.ranges {
      for x in axis.columns(start, end) {
        let column = columns[x - panel.x] ?? range
        columns[x - panel.x] = WaveformEnvelope.Range(
          lowest: min(column.lowest, range.lowest), highest: max(column.highest, range.highest))
      }
    }
    let peak = envelope.peak
    let loudest = peak > 0 && peak.isFinite ? Double(peak) : 1
    let reach = Double(panel.height / 2 - 3)
    let middle = panel.y + panel.height / 2
    func row(_ sample: Float) -> Int {
      middle - Int((min(max(Double(sample) / loudest, -1), 1) * reach).rounded())
    }
    let bars = columns.enumerated().compactMap { column, range in
      range.map { Bar(x: panel.x + column, top: row($0.highest), bottom: row($0.lowest) + 1) }
    }
    return Self.joined(bars)
  }

  /// Neighbouring bars reach each other, so that a slow wave is a line.
  private static func joined(_ bars: [Bar]) -> [Bar] {
    zip(bars, bars.prefix(1) + bars).map { bar, before in
      guard before.x + 1 == bar.x else { return bar }
      return Bar(x: bar.x, top: min(bar.top, before.bottom), bottom: max(bar.bottom, before.top))
    }
  }

  /// Peak in dB of full scale.
  private static func level(_ peak: Float) -> String {
    guard peak > 0, peak.isFinite else { return peak == 0 ? "silent" : "over" }
    let decibels = 20 * log10(Double(peak))
    return "\(fixed(decibels, decibels > -99 ? 1 : 0)) dB"
  }
}
