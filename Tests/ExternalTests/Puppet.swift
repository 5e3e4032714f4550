import FoundationEssentials
import Media
import Synchronization

@testable import External

/// A program of the test's: what it does with each request it gets whole.
final class Puppet: Program {
  enum Act {
    case say([UInt8])
    /// And is gone before anybody asks more.
    case sayLast([UInt8])
    case nothing
    case die
  }

  private let stage: Stage
  private let hello: String?
  private let act: (Asked) -> Act
  private var incoming: [UInt8] = []
  private var isGreeted = false
  private var outgoing: [UInt8] = []
  private var isDead = false

  /// hello: nil, and it never says what it is.
  init(_ stage: Stage, hello: String?, act: @escaping (Asked) -> Act) {
    self.stage = stage
    self.hello = hello
    self.act = act
  }

  func exchange(_ bytes: ArraySlice<UInt8>, until deadline: Duration) -> Exchange {
    incoming += bytes
    understand()
    defer { outgoing = [] }
    if outgoing.isEmpty, !isDead { stage.pass(until: deadline) }
    let end = isDead && outgoing.isEmpty ? Mishap(.exit, "ended with exit code 3") : nil
    return Exchange(written: bytes.count, read: outgoing, end: end)
  }

  func stop(patience: Duration) { stage.stopped(patience) }
  func isGone() -> Bool { !stage.clings }

  private func understand() {
    while !isDead, let feed = incoming.firstIndex(of: 10) {
      guard isGreeted else {
        incoming.removeFirst(feed + 1)
        isGreeted = true
        if let hello { outgoing += Array("\(hello)\n".utf8) }
        continue
      }
      let header = try? JSONDecoder().decode(Asked.self, from: Data(incoming[..<feed]))
      guard let header, incoming.count > feed + header.bytes else { return }
      incoming.removeFirst(feed + 1 + header.bytes)
      switch act(header) {
      case .say(let bytes): outgoing += bytes
      case .sayLast(let bytes):
        outgoing += bytes
        isDead = true
      case .nothing: break
      case .die: isDead = true
      }
    }
  }
}

/// A request as a program sees it.
struct Asked: Decodable {
  var id: Int64
  var more: Int
  var bytes: Int
}

/// Where puppets play: with a clock of its own, that moves when somebody waits.
final class Stage: ProgramHost {
  private struct State {
    var now = Duration.zero
    var starts: [Duration] = []
    var stops: [Duration] = []
    var isCancelled = false
    var clings = false
  }

  private let state = Mutex(State())
  private let cast: @Sendable (Stage, Int) throws(Mishap) -> Puppet

  /// cast: the program of the n-th start, from 0.
  init(_ cast: @escaping @Sendable (Stage, Int) throws(Mishap) -> Puppet) { self.cast = cast }

  /// The same act at every start.
  convenience init(hello: String = Stage.hello(), act: @escaping @Sendable (Asked) -> Puppet.Act) {
    self.init { stage, _ in Puppet(stage, hello: hello, act: act) }
  }

  var now: Duration { state.withLock(\.now) }
  var isCancelled: Bool { state.withLock(\.isCancelled) }
  var hiddenLines: Int64 { 0 }
  var starts: [Duration] { state.withLock(\.starts) }
  var stops: [Duration] { state.withLock(\.stops) }

  func wait(until deadline: Duration) { state.withLock { $0.now = max($0.now, deadline) } }
  func pass(until deadline: Duration) { wait(until: min(deadline, now + .milliseconds(100))) }
  func stopped(_ patience: Duration) { state.withLock { $0.stops.append(patience) } }
  /// Whether what was killed stands still in the kernel.
  var clings: Bool {
    get { state.withLock(\.clings) }
    set { state.withLock { $0.clings = newValue } }
  }
  func cancel() { state.withLock { $0.isCancelled = true } }

  func start() throws(Mishap) -> any Program {
    let count = state.withLock { state in
      state.starts.append(state.now)
      return state.starts.count - 1
    }
    return try cast(self, count)
  }

  static func hello(batch: Int = 1, dim: Int = 1) -> String {
    #"{"protocol":"tandem-encoder/1","name":"puppet","modality":"text","dim":\#(dim),"max_batch":\#(batch)}"#
  }
}

/// An answer with one number.
func answer(_ id: Int64, _ number: Float? = nil) -> [UInt8] {
  let bits = (number ?? Float(id)).bitPattern
  return Array(#"{"id":\#(id),"bytes":4}"#.utf8) + [10] + (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
}

let greeting = Greeting(version: "0", modality: .text, isDeterministic: false)

func requests(_ count: Int) -> [ExternalRequest] {
  (0..<count).map { n in
    let interval = Interval(Instant(index: Int64(n), rate: Ratio(2)), Instant(index: Int64(n) + 1, rate: Ratio(2)))
    return ExternalRequest(
      .init(source: "x", slot: Slot(.text), epoch: 0, interval: interval), payload: Array("text \(n)".utf8))
  }
}
