import Glibc
import Media

/// How far an earlier run's file got: what a resumed run need not do again, and where it goes on writing.
package struct ResumePoint: Sendable {
  /// The last record of one source.
  package struct Progress: Hashable, Sendable {
    package var source: String
    package var status: String
    /// Nil where the last record has no place in time: a status row.
    package var epoch: Int32?
    package var window: Int64?
  }

  /// In the order in which the sources first appear.
  package private(set) var sources: [Progress] = []
  /// Where the last whole batch or line ends; a torn tail or end mark behind it is cut off. 0: nothing to keep.
  package private(set) var end = 0
  /// `tandem.config_sha256` of the earlier run; NDJSON does not carry it.
  package var configHash: String? { arrow?.metadata(Self.hashKey) }

  private static let hashKey = "tandem.config_sha256"
  private var arrow: ArrowSchema?
  private var shape: NDJSONShape?
  private var places: [String: Int] = [:]

  /// Nil where there is no file at `path`. Throws `usage` for npy, which does not say whose row is which;
  /// `cannotCreate` where the file holds something else, `inputOutput`.
  package static func read(_ path: String, format: RecordFormat) throws(EmitError) -> ResumePoint? {
    guard unsafe access(path, F_OK) == 0 else { return nil }
    var point = ResumePoint()
    switch format {
    case .arrow: try point.readArrow(path)
    case .ndjson: try point.readNDJSON(path)
    case .npy: throw .usage("resume \(path): npy does not say whose row is which")
    }
    return point
  }

  /// Refuses, with `cannotCreate`, a file whose columns or configuration are not those of the run that wants to go on.
  func check(
    _ path: String, format: RecordFormat, layout: RecordLayout, vectors: VectorForm
  ) throws(EmitError) {
    if let arrow {
      let wanted = layout.arrowSchema
      guard arrow.fields == wanted.fields else { throw .cannotCreate("resume \(path): it has other columns") }
      guard arrow.metadata(Self.hashKey) == wanted.metadata(Self.hashKey) else {
        throw .cannotCreate("resume \(path): it was written with another configuration")
      }
    }
    guard format != .ndjson || shape?.fits(layout, vectors) == true else {
      throw .cannotCreate("resume \(path): it has other keys")
    }
    guard format == (arrow == nil ? .ndjson : .arrow) else {
      throw .cannotCreate("resume \(path): it has another format")
    }
  }
}

extension ResumePoint {
  private mutating func readArrow(_ path: String) throws(EmitError) {
    guard var reader = try ArrowStreamReader.open(path) else { return }
    arrow = reader.schema
    while let batch = try reader.next() {
      let sources = try reader.texts("source", batch)
      let states = try reader.texts("status", batch)
      let epochs = try reader.integers("epoch", batch)
      let windows = try reader.integers("window", batch)
      for row in 0..<batch.rowCount {
        note(
          Progress(
            source: sources[row] ?? "", status: states[row] ?? "", epoch: epochs[row].map { Int32($0) },
            window: windows[row]))
      }
    }
    end = reader.end
  }

  private mutating func readNDJSON(_ path: String) throws(EmitError) {
    var lines = try LineReader(path)
    while let text = try lines.line() {
      guard let record = NDJSONPrefix(text) else {
        throw .cannotCreate("resume \(path): line \(lines.number) is not a record")
      }
      if lines.number == 1 { shape = NDJSONShape(text) }
      note(record.progress)
    }
    end = lines.end
  }

  private mutating func note(_ progress: Progress) {
    if let place = places[progress.source] {
      sources[place] = progress
    } else {
      places[progress.source] = sources.count
      sources.append(progress)
    }
  }
}
