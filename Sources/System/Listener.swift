package import Glibc

/// A Unix socket that others can connect to, under a name in the file system that goes with it.
package struct Listener: ~Copyable, Sendable {
  package private(set) var descriptor: Descriptor
  /// Nil for a socket whose file is another's.
  private let path: UnixPath?
  private let file: FileIdentity?

  /// Why nobody can be let in, in one line.
  package enum Refusal: Error, Hashable, CustomStringConvertible {
    /// The path is no socket's address.
    case path
    /// Someone answers there already.
    case isServed
    case system(Errno)

    package var description: String {
      switch self {
      case .path: "a socket's path has 1 to \(UnixPath.room) bytes"
      case .isServed: "another process serves there"
      case .system(let error): "\(error)"
      }
    }
  }

  /// Listens at `path`, for the owner only unless `mode` and `group` say otherwise: nobody can connect before they are
  /// set. A socket file there that nobody answers on is replaced.
  package static func open(
    _ path: String, mode: mode_t = 0o600, group: gid_t? = nil
  ) throws(Refusal) -> Listener {
    guard let address = UnixPath(path) else { throw .path }
    do {
      let socket = try Descriptor.socket()
      if try !socket.bindIfFree(address) {
        if try isServed(address) { throw Refusal.isServed }
        _ = unsafe unlink(path)
        try socket.bind(address)
      }
      let listener = Listener(descriptor: socket, path: address, file: FileIdentity(path))
      if let group { _ = try Errno.check { unsafe lchown(path, uid_t.max, group) } }  // the owner stays
      if mode != 0o600 { _ = try Errno.check { unsafe chmod(path, mode) } }
      try listener.descriptor.listen(backlog: 64)
      return listener
    } catch let refusal as Refusal {
      throw refusal
    } catch let error as Errno {
      throw .system(error)
    } catch { preconditionFailure("nothing else is thrown: \(error)") }
  }

  /// Takes over a socket that listens already.
  /// - Throws: what the system says where it is none.
  package static func inherited(_ number: Int32) throws(Errno) -> Listener {
    _ = try Errno.check { fcntl(number, F_SETFD, FD_CLOEXEC) }
    _ = try Errno.check { fcntl(number, F_SETFL, O_NONBLOCK) }
    var (isListening, size): (Int32, socklen_t) = (0, socklen_t(MemoryLayout<Int32>.size))
    _ = try Errno.check { unsafe getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &size) }
    guard isListening == 1 else { throw Errno(code: EINVAL) }
    return Listener(descriptor: Descriptor(owning: number), path: nil, file: nil)
  }

  private init(descriptor: consuming Descriptor, path: UnixPath?, file: FileIdentity?) {
    self.descriptor = descriptor
    self.path = path
    self.file = file
  }

  deinit { removeFile() }

  /// Lets nobody in any more.
  package mutating func close() {
    removeFile()
    try? descriptor.close()
  }

  /// The file stays if it has become another's.
  private func removeFile() {
    guard let path, descriptor.number >= 0, FileIdentity(path.text) == file else { return }
    _ = unsafe unlink(path.text)
  }

  /// Whether somebody answers at `path`. Throws where the file there is no socket of ours to replace.
  private static func isServed(_ path: UnixPath) throws(Errno) -> Bool {
    guard FileIdentity(path.text)?.isSocket != false else { throw Errno(code: EEXIST) }
    do {
      try Descriptor.socket().connect(path)
      return true
    } catch let error where error.code == ECONNREFUSED || error.code == ENOENT {
      return false
    } catch let error where error.code == EAGAIN || error.code == EPROTOTYPE {
      return true
    }
  }
}

/// Which file a path names just now; symbolic links are not followed.
private struct FileIdentity: Hashable {
  let device: dev_t
  let number: ino_t
  let isSocket: Bool

  init?(_ path: String) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    device = status.st_dev
    number = status.st_ino
    isSocket = status.st_mode & S_IFMT == S_IFSOCK
  }
}
