import Glibc
import System

/// A disk whose calls are repeated while a signal interrupts them.
struct SteadyDisk: Disk {
  let disk: any Disk

  func open(_ name: String, _ mode: DiskMode) throws(Errno) -> any DiskFile {
    SteadyFile(try steadily { () throws(Errno) in try disk.open(name, mode) })
  }

  func rename(_ name: String, to other: String) throws(Errno) {
    try steadily { () throws(Errno) in try disk.rename(name, to: other) }
  }

  func remove(_ name: String) throws(Errno) { try steadily { () throws(Errno) in try disk.remove(name) } }

  func names() throws(Errno) -> [String] { try steadily { () throws(Errno) in try disk.names() } }

  func syncNames() throws(Errno) { try steadily { () throws(Errno) in try disk.syncNames() } }

  func room() throws(Errno) -> DiskRoom { try steadily { () throws(Errno) in try disk.room() } }

  func claim(_ name: String) throws(Errno) -> DiskClaim {
    try steadily { () throws(Errno) in try disk.claim(name) }
  }
}

private final class SteadyFile: DiskFile {
  private let file: any DiskFile

  init(_ file: any DiskFile) { self.file = file }

  func read(at offset: Int, count: Int) throws(Errno) -> [UInt8] {
    try steadily { () throws(Errno) in try file.read(at: offset, count: count) }
  }

  func write(_ bytes: [UInt8], from start: Int, at offset: Int) throws(Errno) -> Int {
    try steadily { () throws(Errno) in try file.write(bytes, from: start, at: offset) }
  }

  func truncate(to length: Int) throws(Errno) {
    try steadily { () throws(Errno) in try file.truncate(to: length) }
  }

  func keepRoom(to length: Int) throws(Errno) {
    try steadily { () throws(Errno) in try file.keepRoom(to: length) }
  }

  func syncData() throws(Errno) { try steadily { () throws(Errno) in try file.syncData() } }

  func size() throws(Errno) -> Int { try steadily { () throws(Errno) in try file.size() } }
}

private func steadily<Result>(_ call: () throws(Errno) -> Result) throws(Errno) -> Result {
  while true {
    do { return try call() } catch { if error.code != EINTR { throw error } }
  }
}
