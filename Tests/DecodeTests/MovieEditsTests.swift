import Glibc
import Media
import System
import Testing

@testable import Decode

private func bigEndian(_ value: Int64, _ width: Int) -> [UInt8] {
  (0..<width).reversed().map { UInt8(truncatingIfNeeded: value >> Int64(8 * $0)) }
}

private func box(_ type: String, _ body: [UInt8]...) -> [UInt8] {
  let content = body.flatMap(\.self)
  return bigEndian(Int64(8 + content.count), 4) + Array(type.utf8) + content
}

/// A track of an id with its edits; `wide` writes version 1 of every box.
private func track(_ id: Int64, _ edits: [(Int64, Int64)], wide: Bool = false) -> [UInt8] {
  let (version, width): (UInt8, Int) = wide ? (1, 8) : (0, 4)
  let header = [version, 0, 0, 0] + [UInt8](repeating: 0, count: 2 * width) + bigEndian(id, 4)
  let entries = edits.flatMap { edit -> [UInt8] in
    bigEndian(edit.0, width) + bigEndian(edit.1, width) + [0, 1, 0, 0]
  }
  let list = box("elst", [version, 0, 0, 0] + bigEndian(Int64(edits.count), 4) + entries)
  return box("trak", box("tkhd", header), box("edts", list))
}

private func movie(timescale: Int64, wide: Bool = false, _ tracks: [UInt8]...) -> [UInt8] {
  let times = [UInt8](repeating: 0, count: wide ? 16 : 8)
  return box("moov", box("mvhd", [wide ? 1 : 0, 0, 0, 0] + times + bigEndian(timescale, 4)), tracks.flatMap(\.self))
}

private let head = box("ftyp", Array("isom".utf8))
private let media = box("mdat", [UInt8](repeating: 7, count: 5000))
private let index = movie(timescale: 600, track(1, [(300, -1), (6000, 1024)]), track(2, [(6300, 0)]))

/// Bytes as a file or a pipe, opened as the reader opens them.
private final class Bytes {
  let source: ByteSource
  private let path: String?

  private init(_ source: ByteSource, path: String?) {
    self.source = source
    self.path = path
  }

  deinit { if let path { _ = unsafe unlink(path) } }

  static func file(_ bytes: [UInt8]) throws -> Bytes {
    var template = Array("/tmp/decode-tests-XXXXXX".utf8CString)
    let descriptor = unsafe mkstemp(&template)
    try #require(descriptor >= 0)
    defer { _ = close(descriptor) }
    let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    try fill(descriptor, bytes)
    return Bytes(try ByteSource.open(path: path, interruption: Interruption()), path: path)
  }

  /// The bytes must fit into the pipe's own memory.
  static func pipe(_ bytes: [UInt8]) throws -> Bytes {
    var ends: [Int32] = [0, 0]
    try #require(unsafe Glibc.pipe(&ends) == 0)
    defer { for end in ends { _ = close(end) } }
    try fill(ends[1], bytes)
    return Bytes(try ByteSource.open(path: "/dev/fd/\(ends[0])", interruption: Interruption()), path: nil)
  }

  private static func fill(_ descriptor: Int32, _ bytes: [UInt8]) throws {
    try #require(unsafe write(descriptor, bytes, bytes.count) == bytes.count)
  }
}

@Suite struct MovieEditsTests {
  private func edits(_ bytes: [UInt8], _ open: ([UInt8]) throws -> Bytes) throws -> MovieEdits? {
    try MovieEdits.read(from: try open(bytes).source)
  }

  @Test(arguments: [false, true])
  func editsAreReadFromAFileAndFromAPipe(_ isPipe: Bool) throws {
    let edits = try #require(try edits(head + index + media, isPipe ? Bytes.pipe : Bytes.file))
    #expect(edits.movieTimescale == 600)
    #expect(
      edits.tracks == [
        1: [.init(duration: 300, mediaTime: -1), .init(duration: 6000, mediaTime: 1024)],
        2: [.init(duration: 6300, mediaTime: 0)],
      ])
  }

  @Test func wideBoxesAreReadToo() throws {
    let long: Int64 = 1 << 40
    let bytes = head + movie(timescale: 90_000, wide: true, track(7, [(long, -1), (long, long + 5)], wide: true))
    let edits = try #require(try edits(bytes, Bytes.file))
    #expect(edits.movieTimescale == 90_000)
    #expect(
      edits.tracks == [
        7: [.init(duration: long, mediaTime: -1), .init(duration: long, mediaTime: long + 5)]
      ])
  }

  @Test func anIndexBehindTheMediaIsReachedInAFile() throws {
    #expect(try edits(head + media + index, Bytes.file)?.tracks.count == 2)
    let long = bigEndian(1, 4) + Array("mdat".utf8) + bigEndian(5016, 8) + [UInt8](repeating: 7, count: 5000)
    #expect(try edits(head + long + index, Bytes.file)?.tracks.count == 2)
  }

  @Test func anIndexBehindTheMediaIsRefusedInAPipe() throws {
    #expect {
      try edits(head + media + index, Bytes.pipe)
    } throws: { error in
      guard case .undecodable(let reason) = error as? SourceError else { return false }
      return reason.contains("faststart")
    }
  }

  @Test func lookingAheadConsumesNothingOfAPipe() throws {
    let bytes = head + index + media
    let pipe = try Bytes.pipe(bytes)
    _ = try MovieEdits.read(from: pipe.source)
    var read = [UInt8](repeating: 0, count: bytes.count)
    var filled = 0
    while filled < bytes.count {
      let count = unsafe read.withUnsafeMutableBytes { unsafe pipe.source.read(.init(rebasing: $0[filled...])) }
      guard count > 0 else { break }
      filled += Int(count)
    }
    #expect(read == bytes)
  }

  @Test func otherFormatsAreNoMovies() throws {
    for bytes in [[], Array("RIFF".utf8), Array("RIFF\0\0\0\u{10}WAVEfmt ".utf8), [UInt8](repeating: 0x47, count: 400)]
    {
      #expect(try edits(bytes, Bytes.file) == nil)
      #expect(try edits(bytes, Bytes.pipe) == nil)
    }
  }

  @Test func anIndexCutOffAnywhereIsReadAsFarAsItGoes() throws {
    let bytes = head + index
    for length in head.count..<bytes.count {
      let edits = try edits(Array(bytes[..<length]), Bytes.file)
      #expect(edits.map { $0.tracks.count <= 2 } ?? true)
    }
  }

  @Test func aTrackWithoutEditsHasNone() throws {
    let bare = box("trak", box("tkhd", [0, 0, 0, 0] + [UInt8](repeating: 0, count: 8) + bigEndian(3, 4)))
    #expect(try edits(head + movie(timescale: 1000, bare), Bytes.file)?.tracks == [3: []])
  }

  @Test func anEditListThatClaimsMoreThanItHoldsGivesWhatItHolds() throws {
    let entry = bigEndian(50, 4) + bigEndian(10, 4) + [0, 1, 0, 0]
    let list = box("elst", [0, 0, 0, 0] + bigEndian(0xFFFF_FFFF, 4) + entry)
    let header = box("tkhd", [0, 0, 0, 0] + [UInt8](repeating: 0, count: 8) + bigEndian(1, 4))
    let bytes = head + movie(timescale: 1000, box("trak", header, box("edts", list)))
    #expect(try edits(bytes, Bytes.file)?.tracks == [1: [.init(duration: 50, mediaTime: 10)]])
  }
}
