import Media

/// The edit lists of an MP4 or QuickTime file, read by us: FFmpeg's own handling moves a cut that begins
/// inside a frame by up to that frame (ISO/IEC 14496-12, 8.6.6; box walk per 4.2).
struct MovieEdits {
  /// One entry of `elst`: a stretch of the movie that shows the media from `mediaTime`; −1 shows nothing.
  struct Edit: Equatable {
    var duration: Int64
    var mediaTime: Int64
  }

  /// Ticks per second in which edit durations are written.
  private(set) var movieTimescale: Int64 = 1000
  /// By track id.
  private(set) var tracks: [Int: [Edit]] = [:]

  /// Reads the edit lists ahead of FFmpeg; nil when the source is no movie.
  /// - Throws: `SourceError.undecodable` for a movie in a pipe whose index stands behind its media.
  static func read(from source: ByteSource) throws(SourceError) -> MovieEdits? {
    var offset: Int64 = 0
    var isMovie = false
    for _ in 0..<boxLimit {
      guard let box = Box(source, at: offset) else { return nil }
      switch box.type {
      case "moov":
        let size = box.size == 0 ? indexLimit : box.size
        guard size <= (source.isSeekable ? indexLimit : headLimit) else { return nil }
        let bytes = source.bytes(at: offset + box.headerSize, count: Int(size - box.headerSize))
        var edits = MovieEdits()
        try edits.readMovie(bytes[...])
        return edits
      case "ftyp", "styp", "free", "skip", "wide", "pnot", "uuid", "sidx":
        isMovie = isMovie || box.type == "ftyp"
      case "mdat" where source.isSeekable: break
      case "mdat" where isMovie:
        throw .undecodable(
          "its index stands at the end, which a pipe cannot reach: give the file, or remux with faststart")
      default: return nil
      }
      let (next, isBeyond) = offset.addingReportingOverflow(box.size)
      guard box.size > 0, !isBeyond, source.isSeekable || next <= headLimit else { return nil }
      offset = next
    }
    throw .undecodable("more than \(boxLimit) boxes stand before its index")
  }

  /// The largest index that we look into; a 2 h film has a few megabytes.
  private static let indexLimit: Int64 = 256 << 20
  /// How much of a pipe is kept while its index is looked for.
  private static let headLimit: Int64 = 64 << 20
  /// Boxes that may stand before the index.
  private static let boxLimit = 4096
  /// Edits of one track: each may repeat its whole media.
  private static let editLimit: Int64 = 1024

  private mutating func readMovie(_ bytes: ArraySlice<UInt8>) throws(SourceError) {
    for box in boxes(in: bytes) {
      if box.type == "mvhd" { movieTimescale = timescale(of: box.body) ?? movieTimescale }
      if box.type == "trak" { try readTrack(box.body) }
    }
  }

  private mutating func readTrack(_ bytes: ArraySlice<UInt8>) throws(SourceError) {
    var id: Int?
    var edits: [Edit] = []
    for box in boxes(in: bytes) {
      if box.type == "tkhd", let version = box.body.first {
        id = bigEndian(box.body, at: version == 1 ? 20 : 12, 4).map(Int.init)
      }
      guard box.type == "edts" else { continue }
      for list in boxes(in: box.body) where list.type == "elst" { edits = try Self.entries(list.body) }
    }
    if let id { tracks[id] = edits }
  }

  private static func entries(_ body: ArraySlice<UInt8>) throws(SourceError) -> [Edit] {
    guard let version = body.first, let count = bigEndian(body, at: 4, 4) else { return [] }
    let wide = version == 1
    let width = wide ? 8 : 4
    let held = min(count, Int64((body.count - 8) / (2 * width + 4)))
    guard held <= editLimit else { throw .undecodable("\(held) edits in a track are beyond \(editLimit)") }
    return (0..<held).compactMap { n in
      let at = 8 + Int(n) * (2 * width + 4)
      guard let duration = bigEndian(body, at: at, width), let time = bigEndian(body, at: at + width, width)
      else { return nil }
      return Edit(duration: duration, mediaTime: wide ? time : Int64(Int32(truncatingIfNeeded: time)))
    }
  }

  private func timescale(of mvhd: ArraySlice<UInt8>) -> Int64? {
    guard let version = mvhd.first, let scale = bigEndian(mvhd, at: version == 1 ? 20 : 12, 4), scale > 0
    else { return nil }
    return scale
  }
}

/// The header of a box in a source.
private struct Box {
  let type: String
  let size: Int64
  let headerSize: Int64

  init?(_ source: ByteSource, at offset: Int64) {
    let bytes = source.bytes(at: offset, count: 16)[...]
    guard let short = bigEndian(bytes, at: 0, 4), bytes.count >= 8 else { return nil }
    type = String(decoding: bytes[4..<8], as: UTF8.self)
    if short == 1, let long = bigEndian(bytes, at: 8, 8), long >= 16 {
      size = long
      headerSize = 16
    } else {
      guard short == 0 || short >= 8 else { return nil }
      size = short  // 0: up to the end of the file
      headerSize = 8
    }
  }
}

/// The boxes inside a box that is in memory; stops at the first that does not fit.
private func boxes(in bytes: ArraySlice<UInt8>) -> [(type: String, body: ArraySlice<UInt8>)] {
  var found: [(String, ArraySlice<UInt8>)] = []
  var rest = bytes
  while let size = bigEndian(rest, at: 0, 4), rest.count >= 8, size >= 8, size <= rest.count {
    let type = String(decoding: rest[rest.startIndex + 4..<rest.startIndex + 8], as: UTF8.self)
    found.append((type, rest[rest.startIndex + 8..<rest.startIndex + Int(size)]))
    rest = rest[(rest.startIndex + Int(size))...]
  }
  return found
}

private func bigEndian(_ bytes: ArraySlice<UInt8>, at offset: Int, _ count: Int) -> Int64? {
  guard bytes.count >= offset + count else { return nil }
  let start = bytes.startIndex + offset
  return Int64(bitPattern: bytes[start..<start + count].reduce(0) { $0 << 8 | UInt64($1) })
}

extension ByteSource {
  /// `count` bytes (fewer at the end) at `offset` from the source's beginning, without consuming them.
  fileprivate func bytes(at offset: Int64, count: Int) -> [UInt8] {
    isSeekable ? read(at: offset, count: count) : peek(at: Int(offset), count: count)
  }
}
