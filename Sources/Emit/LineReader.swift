import Glibc
import System

/// The whole lines of a file, one after the other, in bounded memory.
struct LineReader: ~Copyable {
  private static let lineLimit = 64 << 20
  private static let chunkLength = 1 << 20

  /// Lines read so far.
  private(set) var number = 0
  /// Where the last of them ends in the file, its line feed included.
  private(set) var end = 0
  private let path: String
  private let file: Descriptor
  private var buffer: [UInt8] = []
  private var next = 0

  init(_ path: String) throws(EmitError) {
    do { file = try Descriptor.open(path, O_RDONLY) } catch { throw .inputOutput("read \(path): \(error)") }
    self.path = path
  }

  /// The next line without its line feed; nil where the file ends, or breaks off within a line.
  mutating func line() throws(EmitError) -> ArraySlice<UInt8>? {
    var searched = next
    while true {
      if let feed = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { next = feed + 1 }
        number += 1
        end += feed + 1 - next
        return buffer[next..<feed]
      }
      searched = buffer.count - next
      guard try fill() else { return nil }
    }
  }

  /// Drops the lines given out and reads on behind the rest, which moves to the front; false at the file's end.
  private mutating func fill() throws(EmitError) -> Bool {
    buffer.removeFirst(next)
    next = 0
    guard buffer.count <= Self.lineLimit else { throw .cannotCreate("read \(path): line \(number + 1) is too long") }
    do {
      let more = try file.read(at: end + buffer.count, count: Self.chunkLength)
      buffer += more
      return !more.isEmpty
    } catch { throw .inputOutput("read \(path): \(error)") }
  }
}
