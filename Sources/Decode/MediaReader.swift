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
  /// As the container declares it; wrong or absent in many.
  package let declaredDuration: TimeSpan?

  private let demuxer: Demuxer
  private var decoders: [Int: TrackDecoder] = [:]
  private let threads: Int

  /// Opens a file, a pipe (`-`), a playlist or a URL, and probes it.
  /// - Parameter base: the byte of a file at which to begin.
  /// - Throws: `SourceError` naming what is wrong.
  package static func open(
    _ name: String, from base: Int64 = 0, threads: Int, interruption: Interruption
  ) throws(SourceError) -> MediaReader {
    let input = try Demuxer.Input(name, from: base, interruption)
    do {
      let edits: MovieEdits? = if case .bytes(let source) = input { try MovieEdits.read(from: source) } else { nil }
      let demuxer = try Demuxer.open(
        input, advancedEdits: edits?.hasSeveralMediaEdits ?? false, interruption: interruption)
      return MediaReader(demuxer, edits, threads: threads, isStreaming: input.isStreaming)
    } catch let error as FFmpegError {
      throw error.asSourceError(input.failure, isURL: input.isRemote)
    } catch let error as SourceError {
      throw error
    } catch {
      throw .undecodable("\(error)")
    }
  }

  private init(_ demuxer: Demuxer, _ edits: MovieEdits?, threads: Int, isStreaming: Bool) {
    let survey = Survey(demuxer, edits)
    container = demuxer.containerName
    tracks = survey.tracks
    timings = survey.timings
    refusals = survey.refusals
    creationTime = demuxer.tag("creation_time").flatMap(parseTimestamp)
    self.isStreaming = isStreaming
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
        decoders[index] = try TrackDecoder.open(demuxer.stream(index), threads: threads)
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

extension Demuxer.Input {
  /// - Throws: `SourceError.unreadable`.
  init(_ name: String, from base: Int64, _ interruption: Interruption) throws(SourceError) {
    if name == "-" {
      self = .bytes(.standardInput(interruption: interruption))
    } else if name.hasPrefix("file://") {
      self = .bytes(try .open(path: String(name.dropFirst(7)), from: base, interruption: interruption))
    } else if isURL(name) {
      // No `file` here: what comes from the network opens nothing of this machine.
      self = .url(name, protocols: "http,https,tcp,tls,udp,rtp,rtsp,rtmp,rtmps,srt,crypto,hls")
    } else if name.hasSuffix(".m3u8") {
      let source = try ByteSource.open(path: name, interruption: interruption)
      withExtendedLifetime(source) {}
      self = .url("file:" + name, protocols: "file,crypto,data")
    } else {
      self = .bytes(try .open(path: name, from: base, interruption: interruption))
    }
  }

  var isStreaming: Bool {
    switch self {
    case .bytes(let source): !source.isSeekable
    case .url(let url, _): !url.hasPrefix("file:")
    }
  }

  var isRemote: Bool { if case .url = self { true } else { false } }

  /// The errno of a read that failed under FFmpeg's hands.
  var failure: Int32? {
    if case .bytes(let source) = self, source.failure != 0 { source.failure } else { nil }
  }
}

extension FFmpegError {
  func asSourceError(_ errno: Int32?, isURL: Bool = false) -> SourceError {
    if isInterruption { return .interrupted }
    if isURL, operation == "open input", code != FF_INVALID_DATA { return .unreadable(reason) }
    if let errno { return .inputOutput(String(cString: strerror(errno))) }
    return code == FF_INVALID_DATA || operation == "find streams"
      ? .undecodable("no media that FFmpeg can read (\(description))") : .undecodable(description)
  }
}

/// A scheme (RFC 3986, 3.1) followed by `://`; everything else is a path.
private func isURL(_ name: String) -> Bool {
  let scheme = name.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
  return scheme.first?.isLetter == true && name.dropFirst(scheme.count).hasPrefix("://")
}

/// `2026-11-23T14:39:00.000000Z` in microseconds since 1970.
private func parseTimestamp(_ text: String) -> Int64? {
  var micros: Int64 = 0
  guard av_parse_time(&micros, text, 0) >= 0, micros > 0 else { return nil }
  return micros
}
