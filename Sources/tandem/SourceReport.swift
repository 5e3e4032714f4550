import Emit
import Media

/// What `inspect` says about a source.
struct SourceReport {
  private let info: SourceInfo
  private var epochs: [EpochReport] = []
  private var outcome: SourceOutcome?
  private var windows: Int64 = 0

  private struct EpochReport {
    let epoch: Epoch
    var duration = TimeSpan.zero
    var timeState: TimeState?
    var uncertainty: TimeSpan?
    var gaps: [Slot: TimeSpan] = [:]
    var covered: [Slot: Instant] = [:]
  }

  init(_ info: SourceInfo) { self.info = info }

  var epochCount: Int { epochs.count }

  var ending: SourceOutcome.Ending { outcome?.ending ?? .complete }

  mutating func accept(_ mark: Mark) {
    switch mark {
    case .epoch(let epoch): epochs.append(EpochReport(epoch: epoch))
    case .covered(let coverage): cover(coverage)
    case .closed(_, let end): epochs[epochs.count - 1].duration = end.sinceZero
    case .ended(let outcome): self.outcome = outcome
    default: break
    }
  }

  mutating func accept(_ record: Embedding) {
    guard let place = record.place, let n = epochs.firstIndex(where: { $0.epoch.index == place.epoch }) else { return }
    windows += 1
    if let state = record.timeState { epochs[n].timeState = max(epochs[n].timeState ?? state, state) }
    if let width = record.uncertainty { epochs[n].uncertainty = max(epochs[n].uncertainty ?? width, width) }
  }

  private mutating func cover(_ coverage: Coverage) {
    let n = epochs.count - 1
    let before = epochs[n].covered[coverage.slot] ?? .zero
    if coverage.interval.start > before {
      epochs[n].gaps[coverage.slot, default: .zero] += coverage.interval.start - before
    }
    epochs[n].covered[coverage.slot] = max(before, coverage.interval.end)
  }

  // MARK: For scripts

  var json: JSON {
    let duration = epochs.last.map { $0.epoch.start + $0.duration } ?? .zero
    return .object([
      ("source", .text(info.name)), ("container", .text(info.container)),
      ("duration_ns", .integer(duration.nanoseconds)), ("tracks", .list(info.tracks.map(json))),
      ("epochs", .list(epochs.map(json))),
      (
        "counters",
        .object([
          ("in", .integer(windows)), ("out", .integer(windows)), ("dropped", .integer(0)), ("failed", .integer(0)),
        ])
      ),
      ("losses", .object(losses.map { ($0.key, .integer($0.value)) })),
    ])
  }

  private func json(_ track: TrackInfo) -> JSON {
    .object([
      ("track", .integer(Int64(track.index))), ("kind", .text(track.modality.rawValue)), ("codec", .text(track.codec)),
      (
        "start_ns",
        JSON(track.startPTS) { .integer(TimeSpan(ticks: $0, track.timeBase).nanoseconds) }
      ),
      ("time_base", .text("\(track.timeBase)")), ("rate", JSON(track.sampleRate) { .integer(Int64($0)) }),
      ("channels", JSON(track.channels) { .integer(Int64($0)) }), ("width", JSON(track.width) { .integer(Int64($0)) }),
      ("height", JSON(track.height) { .integer(Int64($0)) }), ("language", JSON(track.language) { .text($0) }),
    ])
  }

  private func json(_ report: EpochReport) -> JSON {
    .object([
      ("epoch", .integer(Int64(report.epoch.index))), ("reason", .text(report.epoch.reason.rawValue)),
      ("start_ns", .integer(report.epoch.start.nanoseconds)), ("duration_ns", .integer(report.duration.nanoseconds)),
      ("origin_pts", JSON(report.epoch.originPTS) { .integer($0) }), ("time_base", .text("\(report.epoch.timeBase)")),
      ("time_state", JSON(report.timeState) { .text($0.rawValue) }),
      ("uncertainty_us", JSON(report.uncertainty) { .number(Float($0.microseconds)) }),
    ])
  }

  private var losses: [(key: String, value: Int64)] {
    (outcome?.counters.values ?? [:]).filter { $0.value > 0 }.sorted { $0.key < $1.key }
  }

  // MARK: For people

  var text: String {
    var lines = ["\(info.name)  (\(info.container))"]
    lines += info.tracks.map { track in
      var words = ["  track \(track.index)", track.modality.rawValue, track.codec]
      if let rate = track.sampleRate, let channels = track.channels { words.append("\(rate) Hz, \(channels) ch") }
      if let width = track.width, let height = track.height { words.append("\(width)×\(height)") }
      if let language = track.language { words.append(language) }
      if let start = track.startPTS { words.append("starts at \(seconds(TimeSpan(ticks: start, track.timeBase)))") }
      return words.joined(separator: "  ")
    }
    lines += epochs.map { report in
      var words = [
        "  epoch \(report.epoch.index)", report.epoch.reason.rawValue,
        "from \(seconds(report.epoch.start))", "lasts \(seconds(report.duration))",
      ]
      if let state = report.timeState, let width = report.uncertainty {
        words.append("\(state.rawValue) ±\((width.microseconds * 10).rounded() / 10) µs")
      }
      words += report.gaps.sorted { $0.key.name < $1.key.name }.map { "\($0.key.name) gaps \(seconds($0.value))" }
      return words.joined(separator: "  ")
    }
    lines.append("  \(windows) windows")
    lines += losses.map { "  \($0.key) \($0.value)" }
    return lines.joined(separator: "\n")
  }

  private func seconds(_ span: TimeSpan) -> String { "\((span.seconds * 1_000_000).rounded() / 1_000_000) s" }
}
