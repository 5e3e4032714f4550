import CLinux

extension Descriptor {
  /// Takes room on the disk for the first `length` bytes; the file is no longer for that.
  /// - Throws: `EOPNOTSUPP` where the file system cannot.
  package func keepRoom(to length: Int) throws(Errno) {
    _ = try Errno.check { linux_keep_room(number, Int64(length)) }
  }
}
