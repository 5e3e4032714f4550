import CLinux
import Glibc
import Media

/// Lets two files or folders of one file system have each other's names, at once.
/// - Throws: `EINVAL` or `ENOSYS` where the file system cannot.
package func exchange(_ path: String, with other: String) throws(Errno) {
  _ = try Errno.check { unsafe linux_exchange(PathText.cString(path), PathText.cString(other)) }
}
