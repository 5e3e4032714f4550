import Glibc
import Media
import System

@testable import Emit

/// A directory of one test's own, gone with it.
final class Scratch {
  let path: String

  init() {
    var template = Array("/tmp/emit-tests-XXXXXX".utf8CString)
    path = unsafe mkdtemp(&template).map { unsafe String(cString: $0) } ?? "/tmp"
  }

  deinit {
    guard let directory = unsafe opendir(path) else { return }
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      _ = unsafe unlink("\(path)/\(name)")
    }
    _ = unsafe closedir(directory)
    _ = unsafe rmdir(path)
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// All bytes of a file; empty where there is none.
func contents(_ path: String) -> [UInt8] {
  do {
    let file = try Descriptor.open(path, O_RDONLY)
    return try file.read(at: 0, count: file.size)
  } catch {
    return []
  }
}

func write(_ bytes: [UInt8], to path: String) throws {
  let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
  try file.write(bytes, at: 0)
}

func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

/// The error that `body` throws.
func failure(_ body: () throws(EmitError) -> Void) -> EmitError? {
  do {
    try body()
    return nil
  } catch {
    return error
  }
}

/// FNV-1a, to pin bytes without writing them out.
func fingerprint(_ bytes: [UInt8]) -> UInt64 {
  bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}

extension RecordWriter {
  /// A whole stream of these batches.
  mutating func stream(_ batches: [[Embedding]]) -> [UInt8] {
    var bytes = opening
    for batch in batches { append(batch, to: &bytes) }
    return bytes + closing
  }
}
