import Glibc

/// A Unix socket that others can connect to, under a name in the file system that goes with it.
struct Listener: ~Copyable, Sendable {
  private(set) var descriptor: Descriptor
  private let path: UnixPath
  private let file: FileIdentity?

  /// Listens at `path`, for the owner only. A socket file there that nobody answers on is replaced.
  /// Throws `usage` for a path that is no socket address, `inputOutput` where someone is already serving,
  /// `cannotCreate` otherwise.
  static func open(_ path: String) throws(EmitError) -> Listener {
    guard let address = UnixPath(path) else {
      throw .usage("listen \(path): a socket's path has 1 to \(UnixPath.room) bytes")
    }
    do {
      let socket = try Descriptor.socket()
      if try !socket.bindIfFree(address) {
        if try isServed(address) { throw EmitError.inputOutput("listen \(path): another process serves there") }
        _ = unsafe unlink(path)
        try socket.bind(address)
      }
      try socket.listen(backlog: 64)
      return Listener(descriptor: socket, path: address, file: FileIdentity(path))
    } catch let error as EmitError {
      throw error
    } catch {
      throw .cannotCreate("listen \(path): \(error)")
    }
  }

  private init(descriptor: consuming Descriptor, path: UnixPath, file: FileIdentity?) {
    self.descriptor = descriptor
    self.path = path
    self.file = file
  }

  deinit { removeFile() }

  /// Lets nobody in any more.
  mutating func close() {
    removeFile()
    try? descriptor.close()
  }

  /// The file stays if it has become another's.
  private func removeFile() {
    if descriptor.number >= 0, FileIdentity(path.text) == file { _ = unsafe unlink(path.text) }
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
