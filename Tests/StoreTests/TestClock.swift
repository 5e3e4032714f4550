import Synchronization

final class TestClock: Sendable {
  private let seconds = Mutex<Int64>(1000)

  var now: Int64 {
    get { seconds.withLock { $0 } }
    set { seconds.withLock { $0 = newValue } }
  }
}
