import Media

/// One column of the record table: its name, its type, and where its value comes from.
struct RecordColumn: Sendable {
  enum Kind: Hashable, Sendable {
    case text, int32, int64, real, integers
    /// Microseconds since 1970, UTC.
    case wall
    /// Float32 numbers, so many of them.
    case vector(Int)
    /// Steps of a track, whose vectors have so many numbers.
    case steps(Int)
  }

  let name: String
  let kind: Kind
  let isNullable: Bool
  let cell: @Sendable (Embedding) -> Cell

  init(_ name: String, _ kind: Kind, isNullable: Bool = true, _ cell: @escaping @Sendable (Embedding) -> Cell) {
    self.name = name
    self.kind = kind
    self.isNullable = isNullable
    self.cell = cell
  }

  /// Vectors and steps: what `VectorForm.none` leaves out.
  var holdsVectors: Bool {
    switch kind {
    case .vector, .steps: true
    default: false
    }
  }
}

extension RecordLayout {
  /// Columns in the order of every format: the base set; then per further track (slot number 1 and up, in the
  /// layout's order) `video_2_pts`, `video_2_time_base`, `video_2_valid`, `gate_video_2`, `video_2`; then with
  /// `hasSteps` the steps of the tracks that have them, `loudness` and `luma_var`.
  ///
  /// The base set always has its scalar columns for all three kinds; a vector column exists only where the layout
  /// gives it a length.
  var recordColumns: [RecordColumn] {
    let base = Modality.allCases.map { Slot($0) }
    let further = columns.map(\.slot).filter { $0.number > 0 }
    return placeColumns + timeColumns(base) + countColumns + syncColumns + base.map(gateColumn)
      + [RecordColumn("text", .text) { .text(orNull: $0.text) }]
      + base.flatMap(vectorColumn) + fusedColumn
      + further.flatMap { timeColumns([$0]) + [gateColumn($0)] + vectorColumn($0) }
      + (hasSteps ? (base + further).flatMap(stepsColumn) + qualityColumns : [])
  }

  private var placeColumns: [RecordColumn] {
    [
      RecordColumn("source", .text, isNullable: false) { .text($0.source) },
      RecordColumn("status", .text, isNullable: false) { .text($0.status.rawValue) },
      RecordColumn("epoch", .int32) { .integer(orNull: $0.place?.epoch) },
      RecordColumn("window", .int64) { .integer(orNull: $0.place?.window) },
      RecordColumn("start_ns", .int64) { .integer(orNull: $0.place?.interval.start.sinceZero.nanoseconds) },
      RecordColumn("duration_ns", .int64) { .integer(orNull: $0.place?.interval.length.nanoseconds) },
      RecordColumn("start", .text) { .text(orNull: $0.place?.interval.start.clockText) },
      RecordColumn("wall", .wall) { .integer(orNull: $0.wall?.microseconds) },
      RecordColumn("wall_uncertainty_us", .real) { .real(orNull: $0.wall?.uncertaintyMicroseconds) },
      RecordColumn("time_state", .text) { .text(orNull: $0.timeState?.rawValue) },
      RecordColumn("uncertainty_us", .real) { .real(orNull: $0.uncertainty.map { Float($0.microseconds) }) },
    ]
  }

  /// Native stamps of all, then how much of the window each covers.
  private func timeColumns(_ slots: [Slot]) -> [RecordColumn] {
    slots.flatMap(stampColumns)
      + slots.map { slot in
        RecordColumn("\(slot.name)_valid", .real) { record in
          record.place == nil ? .null : .real(orNull: record.track(slot)?.valid ?? 0)
        }
      }
  }

  private func stampColumns(_ slot: Slot) -> [RecordColumn] {
    let unit = RecordColumn("\(slot.name)_time_base", .text) {
      .text(orNull: $0.track(slot)?.timeBase?.description)
    }
    switch slot.modality {
    case .audio:
      return [RecordColumn("\(slot.name)_pts", .int64) { .integer(orNull: $0.track(slot)?.pts.first) }, unit]
    case .video:
      return [
        RecordColumn("\(slot.name)_pts", .integers) { record in
          guard let stamps = record.track(slot)?.pts, !stamps.isEmpty else { return .null }
          return .integers(stamps)
        }, unit,
      ]
    case .text: return []
    }
  }

  /// Frames are those of the first picture track; a window without one used none.
  private var countColumns: [RecordColumn] {
    [
      RecordColumn("frames", .int32) { .integer(orNull: $0.ofPictures(\.frames)) },
      RecordColumn("frames_repeated", .int32) { .integer(orNull: $0.ofPictures(\.framesRepeated)) },
      RecordColumn("frames_reused", .int32) { .integer(orNull: $0.ofPictures(\.framesReused)) },
      RecordColumn("dropped", .int32) { .integer(Int64($0.dropped)) },
    ]
  }

  private var syncColumns: [RecordColumn] {
    [
      RecordColumn("sync_offset_ms", .real) { .real(orNull: $0.sync?.offsetMilliseconds) },
      RecordColumn("sync_low_ms", .real) { .real(orNull: $0.sync?.lowMilliseconds) },
      RecordColumn("sync_high_ms", .real) { .real(orNull: $0.sync?.highMilliseconds) },
      RecordColumn("drift_ppm", .real) { .real(orNull: $0.sync?.driftPPM) },
    ]
  }

  private func gateColumn(_ slot: Slot) -> RecordColumn {
    RecordColumn("gate_\(slot.name)", .real) { .real(orNull: $0.gate(slot)) }
  }

  private func vectorColumn(_ slot: Slot) -> [RecordColumn] {
    guard let dimensions = columns.first(where: { $0.slot == slot })?.dimensions else { return [] }
    return [RecordColumn(slot.vectorColumn, .vector(dimensions)) { .vector(orNull: $0.track(slot)?.vector) }]
  }

  private var fusedColumn: [RecordColumn] {
    fusedDimensions > 0 ? [RecordColumn("fused", .vector(fusedDimensions)) { .vector(orNull: $0.fused) }] : []
  }

  private func stepsColumn(_ slot: Slot) -> [RecordColumn] {
    guard let dimensions = columns.first(where: { $0.slot == slot })?.stepDimensions else { return [] }
    return [
      RecordColumn("\(slot.name)_steps", .steps(dimensions)) { $0.track(slot).map { .steps($0.steps) } ?? .null }
    ]
  }

  /// Of the first sound track, its mean power in dBFS (null for silence); of the first picture track, the mean
  /// variance of luma.
  private var qualityColumns: [RecordColumn] {
    [
      RecordColumn("loudness", .real) { record in
        guard let power = record.track(Slot(.audio))?.quality, power > 0 else { return .null }
        return .real(orNull: decibels(power))
      },
      RecordColumn("luma_var", .real) { .real(orNull: $0.track(Slot(.video))?.quality) },
    ]
  }
}

extension Slot {
  /// `audio`, `video_2`; for text `text_vector`, `text_2_vector`, since `text` is the words.
  var vectorColumn: String { modality == .text ? "\(name)_vector" : name }
}

extension Embedding {
  fileprivate func track(_ slot: Slot) -> WindowTrack? { tracks.first { $0.slot == slot } }

  fileprivate func gate(_ slot: Slot) -> Float? {
    guard let index = tracks.firstIndex(where: { $0.slot == slot }), gates.indices.contains(index) else { return nil }
    return gates[index]
  }

  fileprivate func ofPictures(_ count: (WindowTrack) -> Int32) -> Int32? {
    place == nil ? nil : track(Slot(.video)).map(count) ?? 0
  }
}
