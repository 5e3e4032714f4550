import Glibc

/// What a process holds in memory now, in bytes; nil where there is no such process.
/// - Parameter process: nil: this one.
package func residentBytes(of process: pid_t? = nil) -> Int? {
  // The second figure of statm, in pages.
  let path = "/proc/\(process.map { "\($0)" } ?? "self")/statm"
  guard let bytes = try? SmallFile.read(path, limit: 4096, waits: true) else { return nil }
  let pages = String(decoding: bytes, as: UTF8.self).split(separator: " ").dropFirst().first.flatMap { Int($0) }
  return pages.map { $0 * sysconf(Int32(_SC_PAGESIZE)) }
}
