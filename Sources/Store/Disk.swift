import Glibc
package import System

/// One folder of a file system, as little of it as the store needs. Tests put in its place one that loses power, and
/// one that fails.
package protocol Disk: Sendable {
  func open(_ name: String, _ mode: DiskMode) throws(Errno) -> any DiskFile
  /// Replaces what had the name `other`.
  func rename(_ name: String, to other: String) throws(Errno)
  /// The file lives on for those who have it open.
  func remove(_ name: String) throws(Errno)
  func names() throws(Errno) -> [String]
  /// Waits until all names are on the disk.
  func syncNames() throws(Errno)
  func room() throws(Errno) -> DiskRoom
  /// Takes the file `name` for this process alone, until what is returned goes.
  func claim(_ name: String) throws(Errno) -> DiskClaim
}

/// In bytes.
package struct DiskRoom: Sendable {
  /// What may still be written.
  package let free: Int
  /// Of the whole file system, used or not.
  package let whole: Int

  package init(free: Int, whole: Int) { (self.free, self.whole) = (free, whole) }
}

package enum DiskMode: Sendable {
  case read
  case readWrite
  /// Made, or emptied.
  case create
}

package enum DiskClaim: Sendable {
  case held(any AnyObject & Sendable)
  /// `holder`: what is known of the other, for people.
  case taken(holder: String)
}

/// An open file, closed when it goes.
package protocol DiskFile: AnyObject, Sendable {
  /// Some of the `count` bytes at `offset`; none where the file ends.
  func read(at offset: Int, count: Int) throws(Errno) -> [UInt8]
  /// Writes some of `bytes` from index `start` at `offset`; how many.
  func write(_ bytes: [UInt8], from start: Int, at offset: Int) throws(Errno) -> Int
  func truncate(to length: Int) throws(Errno)
  /// Takes the room for `length` bytes, which no other file gets then; the file grows no longer by that. `truncate`
  /// gives it back.
  func keepRoom(to length: Int) throws(Errno)
  /// Waits until what was written, and the length, is on the disk.
  func syncData() throws(Errno)
  func size() throws(Errno) -> Int
}

extension DiskFile {
  func writeAll(_ bytes: [UInt8], at offset: Int) throws(Errno) {
    var done = 0
    while done < bytes.count {
      let count = try write(bytes, from: done, at: offset + done)
      guard count > 0 else { throw Errno(code: EIO) }
      done += count
    }
  }

  /// As many bytes from `offset` on as `count`, or fewer where the file ends.
  func readAll(at offset: Int, count: Int) throws(Errno) -> [UInt8] {
    var bytes = try read(at: offset, count: count)
    while !bytes.isEmpty, bytes.count < count {
      let more = try read(at: offset + bytes.count, count: count - bytes.count)
      if more.isEmpty { break }
      bytes += more
    }
    return bytes
  }

  /// Waits until a new file's content is on the disk.
  func fill(_ bytes: [UInt8]) throws(Errno) {
    try writeAll(bytes, at: 0)
    try syncData()
  }
}

extension Errno {
  /// The disk or the quota is full.
  var isForRoom: Bool { code == ENOSPC || code == EDQUOT }

  /// The disk does not give what it holds, or its file system knows that it is not what was written.
  var isDamage: Bool { [EIO, EUCLEAN, EBADMSG].contains(code) }

  /// What failed for want of room, descriptors or memory may succeed later, and has harmed nothing.
  var isPassing: Bool { isForRoom || [EMFILE, ENFILE, ENOMEM].contains(code) }
}
