package import Media

/// Reads records back from the messages of an Arrow stream in memory: from its schema message, then from batches in
/// any number and order. The bytes may be hostile, or of another release: columns that are not there are null, and
/// those that this release does not know are passed over.
///
/// What is read writes down again as the same record. What no column holds is not restored: a step has no end, and the
/// wall clock's uncertainty is NaN where it was null.
package struct ArrowRecords: Sendable {
  package let layout: RecordLayout
  private let schema: ArrowSchema

  /// opening: what the stream begins with. Throws `inputOutput`.
  package init(opening: [UInt8]) throws(EmitError) {
    do throws(ArrowFault) {
      guard case .schema(let schema, _) = try ArrowFile.Message(opening) else {
        throw .malformed("no schema at its beginning")
      }
      self.schema = schema
      layout = try RecordLayout(schema)
    } catch { throw .inputOutput(foreign: error) }
  }

  /// batch: one whole record batch. Throws `inputOutput`.
  package func records(_ batch: [UInt8]) throws(EmitError) -> [Embedding] {
    do { return try ArrowTable(batch, schema).records(layout) } catch { throw .inputOutput(foreign: error) }
  }
}

extension EmitError {
  fileprivate static func inputOutput(foreign fault: ArrowFault) -> EmitError {
    switch fault {
    case .malformed(let what): .inputOutput("read records: \(what)")
    }
  }
}

extension RecordLayout {
  /// Of one vector: far above what encoders give.
  private static let dimensionLimit = 1 << 20

  /// The layout whose columns a stream has.
  init(_ schema: ArrowSchema) throws(ArrowFault) {
    let fields = Dictionary(schema.fields.map { ($0.name, $0) }) { first, _ in first }
    var slots = Modality.allCases.map { Slot($0) }
    for field in schema.fields {
      if let slot = Slot(gate: field.name), !slots.contains(slot) { slots.append(slot) }
    }
    let columns = try slots.map { slot throws(ArrowFault) in
      Column(
        slot: slot, dimensions: try Self.length(fields[slot.vectorColumn]),
        stepDimensions: try Self.length(fields["\(slot.name)_steps"]?.children.first?.children.last))
    }
    self.init(
      columns: columns, fusedDimensions: try Self.length(fields["fused"]) ?? 0, hasSteps: fields["loudness"] != nil,
      metadata: schema.metadata)
  }

  private static func length(_ field: ArrowField?) throws(ArrowFault) -> Int? {
    guard let field else { return nil }
    guard case .fixedSizeList(let length) = field.type, (1...dimensionLimit).contains(length) else {
      throw .malformed("vectors in \(field.name) of a length that records do not have")
    }
    return length
  }
}

extension Slot {
  /// The slot that a column `gate_video_2` belongs to.
  fileprivate init?(gate column: String) {
    let parts = column.split(separator: "_", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), let modality = Modality(rawValue: String(parts[1])) else { return nil }
    guard let number = parts.count == 2 ? 1 : Int(parts[2]), number > 0 else { return nil }
    self.init(modality, number - 1)
    guard column == "gate_\(name)" else { return nil }
  }
}

extension ArrowTable {
  /// In the order of the rows.
  fileprivate func records(_ layout: RecordLayout) throws(ArrowFault) -> [Embedding] {
    let (sources, statuses) = (try texts("source"), try texts("status"))
    var records = try zip(sources, statuses).map { source, status throws(ArrowFault) in
      guard let source, let status = status.flatMap({ Embedding.Status(rawValue: $0) }) else {
        throw .malformed("a row without a source or a known status")
      }
      return Embedding(source: source, status: status)
    }
    try addTimes(&records)
    try addMeasures(&records, layout)
    for column in layout.columns { try addTrack(column, layout.hasSteps, &records) }
    return records
  }

  private func addTimes(_ records: inout [Embedding]) throws(ArrowFault) {
    let (epochs, windows) = (try integers("epoch", .int32), try integers("window"))
    let (starts, durations) = (try integers("start_ns"), try integers("duration_ns"))
    let (walls, wallUncertainties) = (try integers("wall", .timestamp), try reals("wall_uncertainty_us"))
    let (states, uncertainties) = (try texts("time_state"), try reals("uncertainty_us"))
    for row in records.indices {
      if let epoch = epochs[row], let window = windows[row], let start = starts[row], let duration = durations[row] {
        let start = Instant(flicks: TimeSpan(nanoseconds: start).flicks)
        records[row].place = .init(
          epoch: Int32(epoch), window: window, interval: Interval(start, start + TimeSpan(nanoseconds: duration)))
      }
      records[row].wall = walls[row].map {
        .init(microseconds: $0, uncertaintyMicroseconds: wallUncertainties[row] ?? .nan)
      }
      records[row].timeState = states[row].flatMap { TimeState(rawValue: $0) }
      records[row].uncertainty = uncertainties[row].flatMap { TimeSpan(microseconds: $0) }
    }
  }

  private func addMeasures(_ records: inout [Embedding], _ layout: RecordLayout) throws(ArrowFault) {
    let (dropped, texts) = (try integers("dropped", .int32), try texts("text"))
    let (offsets, drifts) = (try reals("sync_offset_ms"), try reals("drift_ppm"))
    let (lows, highs) = (try reals("sync_low_ms"), try reals("sync_high_ms"))
    let fused = try layout.fusedDimensions > 0 ? vectors("fused", layout.fusedDimensions) : []
    for row in records.indices {
      records[row].dropped = Int32(dropped[row] ?? 0)
      records[row].text = texts[row]
      if [offsets[row], lows[row], highs[row], drifts[row]].contains(where: { $0 != nil }) {
        records[row].sync = .init(
          offsetMilliseconds: offsets[row] ?? .nan, lowMilliseconds: lows[row] ?? .nan,
          highMilliseconds: highs[row] ?? .nan, driftPPM: drifts[row])
      }
      if !fused.isEmpty { records[row].fused = fused[row] }
    }
  }

  /// Adds one track and its gate to every record that has a place and, with steps, had the track.
  private func addTrack(
    _ column: RecordLayout.Column, _ hasSteps: Bool, _ records: inout [Embedding]
  ) throws(ArrowFault) {
    let slot = column.slot
    let (valid, gates) = (try reals("\(slot.name)_valid"), try reals("gate_\(slot.name)"))
    let vectors = try column.dimensions.map { length throws(ArrowFault) in try self.vectors(slot.vectorColumn, length) }
    let steps = try column.stepDimensions.map { length throws(ArrowFault) in
      try self.steps("\(slot.name)_steps", length)
    }
    let (stamps, units) = (try self.stamps(slot), try slot.modality == .text ? [] : texts("\(slot.name)_time_base"))
    let counts = slot == Slot(.video) ? try pictureCounts() : []
    let quality = hasSteps && slot.number == 0 ? try self.quality(slot.modality) : []
    for row in records.indices {
      guard let place = records[row].place else { continue }
      if let steps, steps[row] == nil { continue }
      var track = WindowTrack(slot: slot, valid: valid[row] ?? .nan, vector: vectors?[row])
      if !stamps.isEmpty { track.pts = stamps[row] }
      if !units.isEmpty { track.timeBase = try units[row].map { unit throws(ArrowFault) in try Ratio(text: unit) } }
      if !counts.isEmpty { (track.frames, track.framesRepeated, track.framesReused) = counts[row] }
      if !quality.isEmpty { track.quality = quality[row] }
      track.steps = (steps?[row] ?? []).map { step in
        let start = Instant(flicks: TimeSpan(nanoseconds: step.nanoseconds).flicks)
        return Step(
          slot: slot, epoch: place.epoch, interval: Interval(start, start), valid: step.valid ?? .nan,
          vector: step.vector ?? Array(repeating: .nan, count: column.stepDimensions ?? 0))
      }
      records[row].tracks.append(track)
      records[row].gates.append(gates[row])
    }
  }

  private func stamps(_ slot: Slot) throws(ArrowFault) -> [[Int64]] {
    switch slot.modality {
    case .audio: try integers("\(slot.name)_pts").map { $0.map { [$0] } ?? [] }
    case .video: try integerLists("\(slot.name)_pts").map { $0 ?? [] }
    case .text: []
    }
  }

  private func pictureCounts() throws(ArrowFault) -> [(Int32, Int32, Int32)] {
    let counts = try ["frames", "frames_repeated", "frames_reused"].map { name throws(ArrowFault) in
      try integers(name, .int32).map { Int32($0 ?? 0) }
    }
    return (0..<rowCount).map { (counts[0][$0], counts[1][$0], counts[2][$0]) }
  }

  /// Of the first track of a kind: mean power of sound, variance of luma.
  private func quality(_ modality: Modality) throws(ArrowFault) -> [Float?] {
    switch modality {
    case .audio: try reals("loudness").map { $0.map(power) }
    case .video: try reals("luma_var")
    case .text: []
    }
  }
}

extension TimeSpan {
  /// The flick whose nanoseconds these are: a flick is longer than a nanosecond, so there is one at most.
  fileprivate init(nanoseconds: Int64) {
    self.init(flicks: scale(nanoseconds, by: Self.flicksPerSecond, over: 1_000_000_000))
  }

  /// Nil for what is no number of flicks.
  fileprivate init?(microseconds: Float) {
    let flicks = (Double(microseconds) * (Double(Self.flicksPerSecond) / 1_000_000)).rounded()
    guard let flicks = Int64(exactly: flicks) else { return nil }
    self.init(flicks: flicks)
  }
}

extension Ratio {
  /// `1/90000`
  fileprivate init(text: String) throws(ArrowFault) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int64($0) }
    guard parts.count == 2, let numerator = parts[0], let denominator = parts[1], numerator > 0, denominator > 0 else {
      throw .malformed("a time base that is no ratio")
    }
    self.init(numerator, denominator)
  }
}
