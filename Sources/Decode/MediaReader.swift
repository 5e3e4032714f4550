import CFFmpeg
import Glibc
package import Media
package import System

/// The door of this target: a source in, decoded samples out, FFmpeg nowhere in sight.
/// Packets and decoding are two calls, so that the caller can hold compressed packets back.
package final class MediaReader {
  package let container: String
  package let tracks: [TrackInfo]
  /// How each track's stamps are to be read, by stream index.
  package let timings: [Int: TrackTiming]
  /// Tracks that we do not decode, each with its reason.
  package let refusals: [String]
  /// Capture time of the source, microseconds since 1970.
  package let creationTime: Int64?
  /// Whether a codec may change inside a track without the container saying so, and reading can begin anywhere.
  package var canReopen: Bool { container == "mpegts" && !isStreaming }
  package let isStreaming: Bool
  private let isRemote: Bool
  /// Whether it broke off for want of bytes, and not for what they say: then reading it anew may help.
  package var isInputBroken: Bool { isRemote || demuxer.isInputBroken }
  /// Goes on for ever, as it happens.
  package let isLive: Bool
  /// The sender sets the pace.
  package let isPaced: Bool
  /// As the container declares it; wrong or absent in many.
  package let declaredDuration: TimeSpan?

  private let demuxer: Demuxer
  private var decoders: [Int: TrackDecoder] = [:]
  private let threads: Int

  /// Opens a file, a pipe (`-`), a playlist or a URL, and probes it.
  /// - Parameter base: the byte of a file at which to begin.
  /// - Throws: `SourceError` naming what is wrong.
  package static func open(
    _ name: String, from base: Int64 = 0, threads: Int, live: LiveOptions = LiveOptions(), clock: HostClock = .system,
    interruption: Interruption
  ) throws(SourceError) -> MediaReader {
    let input = try Demuxer.Input(name, from: base, live, interruption)
    do {
      let edits: MovieEdits? = if case .bytes(let source) = input { try MovieEdits.read(from: source) } else { nil }
      let demuxer = try Demuxer.open(
        input, advancedEdits: edits?.hasSeveralMediaEdits ?? false, live: live, clock: clock,
        interruption: interruption)
      return MediaReader(demuxer, edits, threads: threads, input)
    } catch let error as FFmpegError {
      throw error.asSourceError(input.failure, isURL: input.isRemote)
    } catch let error as SourceError {
      throw error
    } catch {
      throw .undecodable("\(error)")
    }
  }

  private init(_ demuxer: Demuxer, _ edits: MovieEdits?, threads: Int, _ input: Demuxer.Input) {
    let survey = Survey(demuxer, edits)
    container = demuxer.containerName
    tracks = survey.tracks
    timings = survey.timings
    refusals = survey.refusals
    creationTime = demuxer.tag("creation_time").flatMap(parseTimestamp)
    isStreaming = input.isStreaming
    isPaced = input.isPaced
    isRemote = input.isRemote
    isLive = input.isPaced || input.isRemote && !demuxer.isBounded
    declaredDuration = demuxer.declaredDuration
    self.threads = threads
    self.demuxer = demuxer
  }

  /// Reads only these streams from now on.
  /// - Throws: `SourceError.undecodable` when one has no decoder.
  package func select(_ streams: [Int]) throws(SourceError) {
    for index in 0..<demuxer.streamCount {
      demuxer.stream(index).pointee.discard = streams.contains(index) ? AVDISCARD_DEFAULT : AVDISCARD_ALL
    }
    for index in streams {
      do throws(FFmpegError) {
        decoders[index] = try TrackDecoder.open(demuxer.stream(index), threads: threads, isLive: isLive)
      } catch { throw error.asSourceError(nil) }
    }
  }

  /// The next packet of a selected track, or nil at the end.
  /// - Throws: `FFmpegError` when the source breaks off.
  package func nextPacket() throws(FFmpegError) -> Packet? {
    while let packet = try demuxer.next() {
      if decoders[packet.stream] != nil { return packet }
    }
    return nil
  }

  /// Decodes a packet. Damage is not thrown but told: the stream goes on behind it.
  /// - Parameter passOver: no instant of the grid falls on this picture; it may come back without an image.
  package func decode(_ packet: Packet, passOver: Bool = false) -> Decoded {
    decoders[packet.stream]?.decode(packet, passOver: passOver) ?? Decoded()
  }

  /// What is still inside a track's decoder; it is ready for packets again afterwards.
  package func drain(_ stream: Int) -> Decoded { decoders[stream]?.drain() ?? Decoded() }

  /// What was lost on the way here, and what was put right.
  package var losses: Counters { demuxer.losses }

  package func canPassOver(_ stream: Int) -> Bool { decoders[stream]?.canPassOver ?? false }
}

/// What one packet gave.
package struct Decoded {
  package var sounds: [DecodedSound] = []
  package var pictures: [DecodedPicture] = []
  package var cues: [DecodedCue] = []
  /// Packets or frames that could not be decoded.
  package var failures = 0
  package init() {}
}

extension FFmpegError {
  func asSourceError(_ errno: Int32?, isURL: Bool = false) -> SourceError {
    if isInterruption { return .interrupted }
    if isTimeout { return .timedOut("\(operation): nothing came in time") }
    if isURL, operation == "open input", code != FF_INVALID_DATA { return .unreadable(reason) }
    if let errno { return .inputOutput(String(cString: strerror(errno))) }
    return code == FF_INVALID_DATA || operation == "find streams"
      ? .undecodable("no media that FFmpeg can read (\(description))") : .undecodable(description)
  }
}

/// `2026-11-23T14:39:00.000000Z` in microseconds since 1970.
private func parseTimestamp(_ text: String) -> Int64? {
  var micros: Int64 = 0
  guard av_parse_time(&micros, text, 0) >= 0, micros > 0 else { return nil }
  return micros
}
