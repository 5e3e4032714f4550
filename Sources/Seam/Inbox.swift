import Glibc
import Media
import Synchronization
import System

/// What the right of the seam has said and the worker has not yet looked at: filled by the listening thread, emptied
/// by the working one.
final class Inbox: Sendable {
  enum Demand: Sendable {
    case order(SourceOrder, Interruption)
    case draw(PictureFormat, width: Int, height: Int)
  }

  private struct State {
    var demands: [Demand] = []
    var releases: [Int] = []
    /// The order that came last, which may be called off.
    var number: Int64 = 0
    var interruption: Interruption?
  }

  private let state = Mutex(State())
  /// A byte in it wakes the working thread.
  private let bell: SocketPair

  init() throws(Errno) { bell = try SocketPair() }

  /// Starts the listening thread.
  func listen(_ ear: consuming Descriptor, leave: @escaping @Sendable () -> Void) throws(Errno) {
    let socket = Ear(ear)
    try startThread { [self] in
      var socket = MessageSocket(socket.take())
      // Broken words are as good as none: whoever speaks them is not who started us.
      while let received = try? socket.receive(milliseconds: -1) {
        if case .end = received { break }
        guard case .message(let bytes) = received else { continue }
        guard let message = try? ToWorker(message: bytes) else { break }
        take(message)
      }
      leave()
    }
  }

  func takeDemand() -> Demand? { state.withLock { $0.demands.isEmpty ? nil : $0.demands.removeFirst() } }

  func takeReleases() -> [Int] {
    state.withLock { state in
      defer { state.releases = [] }
      return state.releases
    }
  }

  func forgetReleases() { _ = takeReleases() }

  /// Until something has been said since the last call.
  func wait() {
    var bytes = [UInt8](repeating: 0, count: 64)
    _ = unsafe read(bell.ours.number, &bytes, bytes.count)
  }

  private func take(_ message: ToWorker) {
    state.withLock { state in
      switch message {
      case .order(let number, let order):
        let interruption = Interruption()
        (state.number, state.interruption) = (number, interruption)
        state.demands.append(.order(order, interruption))
      case .release(let places): state.releases += places
      case .cancel(let number): if state.number == number { state.interruption?.raise() }
      case .draw(let format, let width, let height):
        state.demands.append(.draw(format, width: width, height: height))
      }
    }
    _ = try? bell.theirs.send([0], from: 0)  // a full bell rings already
  }

  /// Carries a descriptor, which cannot be copied, into the thread.
  private final class Ear: Sendable {
    private let descriptor: Mutex<Descriptor?>

    init(_ descriptor: consuming Descriptor) { self.descriptor = Mutex(descriptor) }

    func take() -> Descriptor { descriptor.withLock { $0.take()! } }
  }
}
