import Glibc

/// Runs `body` on a thread of its own, which nobody waits for.
package func startThread(_ body: @escaping @Sendable () -> Void) throws(Errno) {
  let work = unsafe Unmanaged.passRetained(ThreadWork(body: body))
  var thread = pthread_t()
  let code = unsafe pthread_create(
    &thread, nil,
    { work in
      unsafe Unmanaged<ThreadWork>.fromOpaque(work!).takeRetainedValue().body()
      return nil
    }, work.toOpaque())
  guard code == 0 else {
    unsafe work.release()
    throw Errno(code: code)
  }
  pthread_detach(thread)
}

/// What C hands through as a pointer.
private final class ThreadWork: Sendable {
  let body: @Sendable () -> Void
  init(body: @escaping @Sendable () -> Void) { self.body = body }
}
