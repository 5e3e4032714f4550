package import Media

/// The door of this target: windows in, embeddings out.
package struct Fuser: Stage {
  /// How the vectors of a window's tracks become one.
  package enum Kind: String, Sendable, CaseIterable {
    /// The mean of those present.
    case mean
    /// One after the other, zeros for the absent.
    case concat
  }

  private let kind: Kind
  private let columns: [RecordLayout.Column]
  private let onFailure: FailureRows

  /// Which sources get a status row of their own.
  package enum FailureRows: Sendable {
    case none, record
  }

  /// - Throws: `FuseError` when the mean of unlike widths is asked for.
  package init(_ kind: Kind, _ columns: [RecordLayout.Column], failureRows: FailureRows) throws(FuseError) {
    self.kind = kind
    self.columns = columns
    onFailure = failureRows
    _ = try Self.dimensions(kind, columns)
  }

  /// Length of the fused vector.
  /// - Throws: `FuseError` when the mean of unlike widths is asked for.
  package static func dimensions(_ kind: Kind, _ columns: [RecordLayout.Column]) throws(FuseError) -> Int {
    let widths = columns.compactMap(\.dimensions)
    switch kind {
    case .concat: return widths.reduce(0, +)
    case .mean:
      guard Set(widths).count <= 1 else { throw FuseError(widths: widths) }
      return widths.first ?? 0
    }
  }

  package mutating func accept(_ aligned: Aligned) -> [Embedding] {
    switch aligned {
    case .window(let window): [embedding(window)]
    case .ended(let outcome, let windows): statusRow(outcome, windows)
    }
  }

  package mutating func finish() -> [Embedding] { [] }

  private func embedding(_ window: Window) -> Embedding {
    let (fused, gates) = fuse(window.tracks)
    return Embedding(
      source: window.source, status: .ok,
      place: .init(epoch: window.epoch, window: window.index, interval: window.interval),
      wall: window.wallZero.map {
        .init(
          microseconds: $0 + window.interval.start.sinceZero.nanoseconds / 1000,
          uncertaintyMicroseconds: Float(window.wallUncertaintyMicroseconds))
      },
      timeState: window.timeState, uncertainty: window.uncertainty, tracks: window.tracks, gates: gates,
      dropped: window.dropped, text: window.text, fused: fused)
  }

  private func fuse(_ tracks: [WindowTrack]) -> ([Float]?, [Float?]) {
    let present = tracks.compactMap(\.vector)
    guard !present.isEmpty else { return (nil, tracks.map { _ in nil }) }
    switch kind {
    case .mean:
      let gate = 1 / Float(present.count)
      var sum = [Float](repeating: 0, count: present[0].count)
      for vector in present { for n in sum.indices { sum[n] += vector[n] } }
      return (normalised(sum), tracks.map { $0.vector == nil ? nil : gate })
    case .concat:
      let parts = zip(tracks, columns).flatMap { track, column in
        track.vector ?? [Float](repeating: 0, count: column.dimensions ?? 0)
      }
      return (normalised(parts), tracks.map { _ in nil })
    }
  }

  /// A source without any window still answers: with one row that says why.
  private func statusRow(_ outcome: SourceOutcome, _ windows: Int64) -> [Embedding] {
    switch outcome.ending {
    case .failed where onFailure == .record: [Embedding(source: outcome.name, status: .decodeError)]
    case .complete where windows == 0, .truncated where windows == 0:
      [Embedding(source: outcome.name, status: .noContent)]
    default: []
    }
  }
}

/// The mean of vectors of unlike widths has no meaning.
package struct FuseError: Error, CustomStringConvertible {
  package let widths: [Int]

  package var description: String {
    "--fuse mean needs vectors of one width, these have \(widths.map(String.init).joined(separator: ", ")): use concat"
  }
}

/// L2-normalised; nil for zero norm.
private func normalised(_ vector: [Float]) -> [Float]? {
  let norm = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
  return norm > 0 ? vector.map { Float(Double($0) / norm) } : nil
}
