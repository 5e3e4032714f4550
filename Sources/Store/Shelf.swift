import Media
import Synchronization

/// What the writer and the readers share: the durable ledger and the accounts. Never held over a call to the disk.
final class Shelf: Sendable {
  private struct State {
    var ledger: Ledger
    var counters: Counters
    /// Segments in which a reader has found damage.
    var suspects: Set<Int> = []
    var room: StoreRoom?
    /// The furthest that was given since the start, whatever became of the batch before it.
    var given: Position?
    /// Segments that were put aside and have not expired, by number: a reader on its way learns what it misses.
    var holes: [Int: Hole]

    /// The first one; not one that was read to its end.
    func hole(from position: Position, below next: Int) -> (Int, Hole)? {
      holes.filter { number, hole in
        number < next && Position(segment: number, offset: hole.end) > position
      }.min { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    mutating func countRemoval(_ number: Int, _ removal: Removal) {
      guard let segment = ledger.finished.first(where: { $0.head.number == number }) else { return }
      if removal == .damaged {
        holes[number] = Hole(end: segment.tail.end, records: segment.tail.records, bytes: segment.size)
      }
      counters.add("store_\(removal)_segments")
      counters.add("store_\(removal)_records", Int64(segment.tail.records))
    }
  }

  private let state: Mutex<State>

  /// - Parameter holes: segments that were put aside before.
  init(_ ledger: Ledger, _ counters: Counters, holes: [Int: Hole]) {
    state = Mutex(State(ledger: ledger, counters: counters, holes: holes))
  }

  var ledger: Ledger { state.withLock { $0.ledger } }

  /// Of the segment that is written to.
  var openNumber: Int? { state.withLock { $0.ledger.open?.head.number } }

  /// All segments that are finished have lower numbers.
  var firstUnfinished: Int { state.withLock { $0.ledger.open?.head.number ?? $0.ledger.nextNumber } }

  var end: Position { state.withLock { $0.ledger.end } }

  var room: StoreRoom? { state.withLock { $0.room } }

  /// A position is about to be given.
  func note(given position: Position) { state.withLock { $0.given = max($0.given ?? position, position) } }

  func note(_ room: StoreRoom) { state.withLock { $0.room = room } }

  func last(of source: String) -> Place? { state.withLock { $0.ledger.sources[source]?.last } }

  var sourceCount: Int { state.withLock { $0.ledger.sources.count } }

  var holes: [Int: Hole] { state.withLock { $0.holes } }

  /// Entries that are on the disk now.
  /// - Returns: segments that were put aside and are expired now.
  func commit(_ entries: [Entry]) -> [Int] {
    state.withLock { state in
      for entry in entries {
        if case .removed(let segment, let removal) = entry { state.countRemoval(segment, removal) }
        state.ledger.record(entry)
      }
      state.ledger.forgetExpired()
      let gone = state.holes.keys.filter { $0 <= state.ledger.expired.segment }
      for number in gone { state.holes[number] = nil }
      return gone
    }
  }

  func burnNumbers(below next: Int) { state.withLock { $0.ledger.burnNumbers(below: next) } }

  var counters: Counters { state.withLock { $0.counters } }

  func count(_ name: String, _ count: Int = 1) {
    guard count != 0 else { return }
    state.withLock { $0.counters.add("store_" + name, Int64(count)) }
  }

  func suspect(_ segment: Int) { state.withLock { _ = $0.suspects.insert(segment) } }

  var suspects: Set<Int> { state.withLock { $0.suspects } }

  func clear(_ segment: Int) { state.withLock { _ = $0.suspects.remove(segment) } }
}

/// What a segment held that was put aside, as far as that is known.
struct Hole {
  var end = Int.max
  var records = 0
  /// Of its files.
  var bytes = 0
}

/// Where a reader may go on.
extension Shelf {
  enum Whereabouts {
    case segment(SegmentHead, SegmentTail?)
    /// Before that, one that was put aside.
    case hole(Int, Hole)
    case nothingYet
    case expired(oldest: Position)
    case unknown(oldest: Position)
  }

  /// The first segment that may hold something at `position` or behind it.
  func find(_ position: Position) -> Whereabouts {
    state.withLock { state in
      if position < state.ledger.expired { return .expired(oldest: state.ledger.oldest) }
      // A segment's number is known here before a position in it is given.
      if position > Position(segment: state.ledger.nextNumber, offset: 0) {
        return .unknown(oldest: state.ledger.oldest)
      }
      if let given = state.given, position.segment == given.segment, position > given {
        return .unknown(oldest: state.ledger.oldest)
      }
      let finished = state.ledger.finished.first { $0.head.number >= position.segment }
      let open = state.ledger.open.flatMap { $0.head.number >= position.segment ? $0 : nil }
      if let (number, hole) = state.hole(from: position, below: finished?.head.number ?? open?.head.number ?? .max) {
        return .hole(number, hole)
      }
      if let finished { return .segment(finished.head, finished.tail) }
      return open.map { .segment($0.head, nil) } ?? .nothingYet
    }
  }

  enum Live {
    case batch(BatchEntry)
    case nothingYet
    case finished(SegmentTail)
    case gone
  }

  /// The first batch at `offset` or behind it in the segment that is written to.
  func live(_ segment: Int, from offset: Int) -> Live {
    state.withLock { state in
      guard let open = state.ledger.open, open.head.number == segment else {
        let finished = state.ledger.finished.last { $0.head.number == segment }
        return finished.map { .finished($0.tail) } ?? .gone
      }
      return open.batches.first(from: offset).map { .batch($0) } ?? .nothingYet
    }
  }
}

extension [BatchEntry] {
  /// The first at `offset` or behind it, by bisection.
  func first(from offset: Int) -> BatchEntry? {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].offset < offset { low = middle + 1 } else { high = middle }
    }
    return low < count ? self[low] : nil
  }
}
