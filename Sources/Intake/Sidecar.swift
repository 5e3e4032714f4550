package import Decode
import Media

/// The cues of a subtitle file beside a source, on the source's own position: its zero is the source's.
package struct Sidecar: Sendable {
  private struct Line: Sendable {
    let start: TimeSpan
    let end: TimeSpan
    let text: String
  }

  /// Ascending by start.
  private var lines: [Line]

  /// Reads a whole subtitle file.
  /// - Throws: `SourceError`, also when the file holds no text.
  package static func read(_ path: String, interruption: Interruption) throws(SourceError) -> Sidecar {
    let reader = try MediaReader.open(path, threads: 1, interruption: interruption)
    guard let track = reader.tracks.first(where: { $0.modality == .text }) else {
      throw .undecodable("no subtitles in it")
    }
    try reader.select([track.index])
    var lines: [Line] = []
    do throws(FFmpegError) {
      while let packet = try reader.nextPacket() {
        lines += reader.decode(packet).cues.compactMap { line($0, track.timeBase) }
      }
    } catch { throw .inputOutput(error.description) }
    return Sidecar(lines: lines.sorted { $0.start < $1.start })
  }

  private static func line(_ cue: DecodedCue, _ timeBase: Ratio) -> Line? {
    guard !cue.text.isEmpty, let duration = cue.duration else { return nil }
    let start = TimeSpan(ticks: cue.pts, timeBase)
    return Line(start: start, end: start + TimeSpan(ticks: duration, timeBase), text: cue.text)
  }

  /// Takes the cues that begin before a position, as cues of the epoch that it lies in.
  mutating func take(before position: TimeSpan, epoch: Int32, epochStart: TimeSpan) -> [Cue] {
    let due = lines.prefix { $0.start < position }
    lines.removeFirst(due.count)
    return due.compactMap { line in
      let interval = Interval(
        Instant(flicks: max(0, (line.start - epochStart).flicks)), Instant(flicks: (line.end - epochStart).flicks))
      return interval.isEmpty ? nil : Cue(slot: Slot(.text), epoch: epoch, interval: interval, text: line.text)
    }
  }
}
