import CKernels
import Dispatch
import Glibc
import Synchronization

/// The threads of an engine, beside its callers': they take a piece of work, finish it, and wait for the next. Between
/// the pieces of one forward pass, which follow each other within microseconds, they look for the next for a moment
/// before they sleep; nobody spins when there is nothing to do.
final class Crew: Sendable {
  private let helpers: [Helper]
  private let isBusy = Atomic<Bool>(false)

  /// - Parameters:
  ///   - threads: the caller's among them.
  ///   - start: starts a thread; 0, or why there is none.
  init(threads: Int, start: @escaping ThreadStart = Crew.startThread) {
    helpers = (1..<threads).map { _ in Helper(start) }
  }

  deinit { for helper in helpers { helper.end() } }

  /// Does parts 0 ..< `count` side by side, part 0 on the calling thread.
  /// - Returns: false, with nothing done, when the crew is at work already, for another caller or for this one, or when
  ///   a thread cannot be made.
  func perform(_ count: Int, _ work: (Int) -> Void) -> Bool {
    guard count - 1 <= helpers.count, !isBusy.exchange(true, ordering: .acquiring) else { return false }
    defer { isBusy.store(false, ordering: .releasing) }
    guard helpers.prefix(count - 1).allSatisfy({ $0.isThere() }) else { return false }
    withoutActuallyEscaping(work) { work in
      withUnsafePointer(to: work) { place in
        for part in 1..<count { helpers[part - 1].begin(UInt(bitPattern: place), part) }
        work(0)
        for part in 1..<count { helpers[part - 1].wait() }
      }
    }
    return true
  }

  /// What a thread does; → 0, or the error number.
  typealias ThreadStart = @Sendable (_ body: @escaping @Sendable () -> Void) -> CInt

  @Sendable static func startThread(_ body: @escaping @Sendable () -> Void) -> CInt {
    let own = Unmanaged.passRetained(ThreadBody(run: body))
    let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { own in
      Unmanaged<ThreadBody>.fromOpaque(own!).takeRetainedValue().run()
      return nil
    }
    var thread = pthread_t()
    let failure = pthread_create(&thread, nil, main, own.toOpaque())
    if failure == 0 { pthread_detach(thread) } else { own.release() }
    return failure
  }

  private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
  }
}

/// One thread, made when it is first wanted.
private final class Helper: Sendable {
  private let start: Crew.ThreadStart
  private let orders = Post()
  private let answers = Post()
  private let part = Atomic<Int>(0)
  private let isHired = Atomic<Bool>(false)

  init(_ start: @escaping Crew.ThreadStart) { self.start = start }

  /// False where there is no thread and none can be made now; for one caller at a time, before `begin`.
  func isThere() -> Bool {
    if isHired.load(ordering: .relaxed) { return true }
    // The thread holds this helper, not the crew, which can go while its threads sleep.
    let isHired = start { self.run() } == 0
    self.isHired.store(isHired, ordering: .relaxed)
    return isHired
  }

  /// - Parameter work: where a `(Int) -> Void` stands until `wait` returns.
  func begin(_ work: UInt, _ part: Int) {
    self.part.store(part, ordering: .relaxed)
    orders.put(work)
  }

  func wait() {
    let answer = answers.take()
    assert(answer == Self.done, "the part is done")
  }

  func end() { if isHired.load(ordering: .relaxed) { orders.put(Self.farewell) } }

  /// Not the address of any work.
  private static let farewell: UInt = 1
  private static let done: UInt = 1

  private func run() {
    while true {
      let place = orders.take()
      if place == Self.farewell { return }
      carryOut(place)
      answers.put(Self.done)
    }
  }

  /// In a function of its own, so that its hold on the work ends before the caller hears of it.
  @inline(never) private func carryOut(_ place: UInt) {
    UnsafePointer<(Int) -> Void>(bitPattern: place)!.pointee(part.load(ordering: .relaxed))
  }
}

/// A word from one thread to another, which looks for it for a moment, then sleeps. The next is put when it was taken.
///
/// Whoever takes `isAsleep` back answers for the bell: the sender rings it once for each sleep that it ends, and the
/// sleeper, where it was not first, waits for that one ring. The ring can come late, when the word was seen without it:
/// it then ends the sleep before another word, and the sleeper looks again.
final class Post: Sendable {
  /// 0 for none.
  private let word = Atomic<UInt>(0)
  private let asleep = Atomic<Bool>(false)
  private let bell = DispatchSemaphore(value: 0)

  /// Some ten microseconds.
  private static let looks = 600

  /// word: not 0.
  func put(_ word: UInt) {
    place(word)
    ring()
  }

  /// The first half of `put`.
  func place(_ word: UInt) { self.word.store(word, ordering: .sequentiallyConsistent) }

  /// The second: wakes who sleeps.
  func ring() { if asleep.exchange(false, ordering: .sequentiallyConsistent) { bell.signal() } }

  var isAsleep: Bool { asleep.load(ordering: .sequentiallyConsistent) }

  /// Waits for a word; never 0.
  func take() -> UInt {
    while true {
      if let word = look() { return word }
      sleep()
      let word = word.exchange(0, ordering: .acquiring)
      if word != 0 { return word }
    }
  }

  private func look() -> UInt? {
    for _ in 0..<Self.looks {
      if word.load(ordering: .acquiring) != 0 { return word.exchange(0, ordering: .acquiring) }
      tk_pause()
    }
    return nil
  }

  /// Until the bell rings; not at all where a word came before it could be heard.
  private func sleep() {
    asleep.store(true, ordering: .sequentiallyConsistent)
    let hasCome = word.load(ordering: .sequentiallyConsistent) != 0
    if !hasCome || !asleep.exchange(false, ordering: .sequentiallyConsistent) { bell.wait() }
  }
}
