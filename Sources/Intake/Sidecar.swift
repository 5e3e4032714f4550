import Decode
import Media
import System

/// The cues of a subtitle file beside a source, on the source's own position: its zero is the source's.
struct Sidecar: Sendable {
  private struct Line: Sendable {
    let start: TimeSpan
    let end: TimeSpan
    let text: String
  }

  /// Ascending by start.
  private var lines: [Line]
  /// Cues whose length the file does not say: they are shown until the next one.
  let assumedLengths: Int

  /// Reads a whole subtitle file.
  /// - Throws: `SourceError` that names the file, also when it holds no text.
  static func read(_ path: String, interruption: Interruption) throws(SourceError) -> Sidecar {
    do throws(SourceError) { return try lines(of: path, interruption) } catch { throw error.naming(path) }
  }

  private static func lines(of path: String, _ interruption: Interruption) throws(SourceError) -> Sidecar {
    let reader = try MediaReader.open(path, threads: 1, interruption: interruption)
    guard let track = reader.tracks.first(where: { $0.modality == .text }) else {
      throw .undecodable("no subtitles in it")
    }
    try reader.select([track.index])
    var cues: [DecodedCue] = []
    do throws(FFmpegError) {
      while let packet = try reader.nextPacket() { cues += reader.decode(packet).cues.filter { !$0.text.isEmpty } }
    } catch { throw .inputOutput(error.description) }
    cues.sort { $0.pts < $1.pts }
    let starts = cues.map { TimeSpan(ticks: $0.pts, track.timeBase) }
    let lines = cues.indices.map { n in
      let next = starts.dropFirst(n + 1).first ?? starts[n] + lastLength
      return Line(
        start: starts[n], end: cues[n].duration.map { starts[n] + TimeSpan(ticks: $0, track.timeBase) } ?? next,
        text: cues[n].text)
    }
    return Sidecar(lines: lines, assumedLengths: cues.count { $0.duration == nil })
  }

  /// How long the last cue is shown whose length the file does not say.
  private static let lastLength = TimeSpan(seconds: 5)

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
