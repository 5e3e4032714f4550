package import Glibc

/// What the system said.
package struct Errno: Error, Hashable, CustomStringConvertible {
  package let code: Int32

  package init(code: Int32) { self.code = code }

  package var description: String { unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)" }

  /// The call's result; repeats it while a signal interrupts it, throws where it is negative.
  package static func check<Result: SignedInteger>(_ call: () -> Result) throws(Errno) -> Result {
    while true {
      let result = call()
      if result >= 0 { return result }
      if errno != EINTR { throw Errno(code: errno) }
    }
  }
}

/// Waits for what `interests` ask; how many have something to tell. An interruption counts as nothing.
package func poll(_ interests: inout [pollfd], milliseconds: Int32) throws(Errno) -> Int32 {
  let count = unsafe Glibc.poll(&interests, nfds_t(interests.count), milliseconds)
  if count >= 0 { return count }
  if errno == EINTR { return 0 }
  throw Errno(code: errno)
}
