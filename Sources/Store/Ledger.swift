/// What the store holds: the sum of the journal's entries.
struct Ledger {
  /// A slice, so that many of the oldest are removed without moving the others each time.
  private(set) var finished: ArraySlice<FinishedSegment> = []
  private(set) var open: OpenSegment?
  private(set) var sources: [String: SourceState] = [:]
  /// No segment has had this number or a higher one.
  private(set) var nextNumber = 1
  /// Where the newest segment ended that was deleted, or that was put aside and then deleted: what lies before is no
  /// longer kept.
  private(set) var expired = Position(segment: 0, offset: 0)
  /// No epoch below is given any more to a source that is not known.
  private(set) var floor: Int32 = 0
  /// Sources of which nothing later than this segment is kept have been forgotten.
  private var forgottenThrough = 0

  /// An entry that does not fit what came before it.
  struct Fault: Error {
    let segment: Int
  }

  mutating func apply(_ entry: Entry) throws(Fault) {
    switch entry {
    case .opened(let head): try begin(head)
    case .batch(let segment, let batch): try add(batch, to: segment)
    case .finished(let segment, let tail): try finish(segment, tail)
    case .kept(let head, let tail): try keep(head, tail)
    case .removed(let segment, .empty): try removeEmpty(segment)
    case .removed(let segment, let removal): try remove(segment, removal)
    case .dated(let segment, let time): try date(segment, time)
    case .reserved(let source, let next): reserve(source, next)
    case .forgotten(let source): forget(source)
    case .floor(let epoch): raiseFloor(to: epoch)
    case .source(let source, let state): sources[source] = state
    case .began(let next, let expired):
      burnNumbers(below: max(next, expired.segment + 1))
      self.expired = max(self.expired, expired)
    }
  }

  /// Of an entry made to fit.
  mutating func record(_ entry: Entry) {
    do { try apply(entry) } catch { preconditionFailure("an entry for segment \(error.segment) that does not fit") }
  }

  /// All entries that lead here.
  var snapshot: [Entry] {
    var entries = finished.map { Entry.kept($0.head, $0.tail) }
    if floor > 0 { entries.append(.floor(floor)) }
    for (source, state) in sources { entries.append(.source(source, state)) }
    if let open {
      entries.append(.opened(open.head))
      for batch in open.batches { entries.append(.batch(segment: open.head.number, batch)) }
      // What is forgotten would come back with the batches that name it.
      for source in Set(open.batches.flatMap { $0.marks.map(\.source) }) where sources[source]?.last == nil {
        entries.append(.forgotten(source: source))
      }
    }
    entries.append(.began(next: nextNumber, expired: expired))
    return entries
  }

  /// Behind the last batch, and before the next.
  var end: Position {
    if let open { return Position(segment: open.head.number, offset: open.end) }
    return finished.last.map { Position(segment: $0.head.number, offset: $0.tail.end) } ?? expired
  }

  var oldest: Position {
    max(expired, Position(segment: finished.first?.head.number ?? open?.head.number ?? nextNumber, offset: 0))
  }

  /// Of all segments, with what stands around their batches.
  var bytes: Int { finished.reduce(open?.end ?? 0) { $0 + $1.size } }

  mutating func burnNumbers(below next: Int) { nextNumber = max(nextNumber, next) }
}

struct FinishedSegment {
  let head: SegmentHead
  fileprivate(set) var tail: SegmentTail

  var size: Int { tail.end + head.closing.count }
}

struct OpenSegment {
  let head: SegmentHead
  var batches: [BatchEntry] = []
  var records = 0

  var end: Int { batches.last?.end ?? head.openingLength }
}

extension Ledger {
  private mutating func begin(_ head: SegmentHead) throws(Fault) {
    if let open { throw Fault(segment: open.head.number) }
    guard head.number >= nextNumber, head.number > finished.last?.head.number ?? 0 else {
      throw Fault(segment: head.number)
    }
    open = OpenSegment(head: head)
    nextNumber = head.number + 1
  }

  private mutating func add(_ batch: BatchEntry, to segment: Int) throws(Fault) {
    guard let open, open.head.number == segment, batch.offset == open.end, batch.length > 0 else {
      throw Fault(segment: segment)
    }
    self.open?.batches.append(batch)
    self.open?.records += batch.records
    for mark in batch.marks {
      sources[mark.source, default: SourceState()].last = mark.place
      sources[mark.source]?.segment = segment
    }
  }

  private mutating func finish(_ segment: Int, _ tail: SegmentTail) throws(Fault) {
    guard let open, open.head.number == segment, tail.end == open.end, tail.batches == open.batches.count else {
      throw Fault(segment: segment)
    }
    finished.append(FinishedSegment(head: open.head, tail: tail))
    self.open = nil
  }

  private mutating func keep(_ head: SegmentHead, _ tail: SegmentTail) throws(Fault) {
    guard open == nil, head.number > finished.last?.head.number ?? 0, tail.end >= head.openingLength else {
      throw Fault(segment: head.number)
    }
    finished.append(FinishedSegment(head: head, tail: tail))
    burnNumbers(below: head.number + 1)
  }

  private mutating func removeEmpty(_ segment: Int) throws(Fault) {
    guard let open, open.head.number == segment, open.batches.isEmpty else { throw Fault(segment: segment) }
    self.open = nil
  }

  private mutating func date(_ segment: Int, _ time: Int) throws(Fault) {
    guard let index = finished.firstIndex(where: { $0.head.number == segment }) else { throw Fault(segment: segment) }
    finished[index].tail.finishedAt = time
  }

  private mutating func remove(_ segment: Int, _ removal: Removal) throws(Fault) {
    guard let index = finished.firstIndex(where: { $0.head.number == segment }) else { throw Fault(segment: segment) }
    let gone = finished[index]
    if index == finished.startIndex { finished.removeFirst() } else { finished.remove(at: index) }
    guard removal == .expired else { return }
    expired = max(expired, Position(segment: segment, offset: gone.tail.end))
  }

  private mutating func reserve(_ source: String, _ next: Int32) {
    if let state = sources[source], isExpired(state) { sources[source] = nil }
    sources[source, default: SourceState()].reserved = next
  }

  /// Its records stay. The epochs given away stay given.
  private mutating func forget(_ source: String) {
    guard let state = sources[source] else { return }
    sources[source] = isReserved(state) ? SourceState(reserved: state.reserved) : nil
  }

  /// A source of which nothing is kept, neither a record nor a reserved epoch, may as well be new.
  private func isExpired(_ state: SourceState) -> Bool { !isReserved(state) && state.segment <= expired.segment }

  /// What is below the floor need not be remembered of each.
  private func isReserved(_ state: SourceState) -> Bool { state.reserved > floor }

  /// Sources of which there is nothing else than reservations below need not be known any more.
  private mutating func raiseFloor(to epoch: Int32) {
    floor = max(floor, epoch)
    for source in sources.filter({ $0.value.next <= floor && !isRecordKept($0.value) }).keys { sources[source] = nil }
  }

  private func isRecordKept(_ state: SourceState) -> Bool { state.last != nil && state.segment > expired.segment }

  /// What to raise the floor to, so that so many sources are forgotten of which no record is kept, or as many as there
  /// are; nil where there is none.
  func floor(forgetting count: Int) -> Int32? {
    let epochs = sources.values.filter { !isRecordKept($0) }.map(\.next).sorted()
    return epochs.isEmpty ? nil : epochs[min(count, epochs.count) - 1]
  }

  /// Of one whose reservations are known the floor says nothing.
  func nextEpoch(of source: String) -> Int32 {
    let state = sources[source] ?? SourceState()
    return state.reserved > 0 ? state.next : max(floor, state.next)
  }

  /// To be called once, behind any number of entries: it looks at all sources.
  mutating func forgetExpired() {
    guard forgottenThrough < expired.segment else { return }
    forgottenThrough = expired.segment
    for source in sources.filter({ isExpired($0.value) }).keys { sources[source] = nil }
  }
}

/// What recovery takes out.
extension Ledger {
  /// False where the segment is unknown.
  mutating func forget(_ segment: Int) -> Bool {
    if open?.head.number == segment {
      open = nil
      return true
    }
    guard let index = finished.firstIndex(where: { $0.head.number == segment }) else { return false }
    finished.remove(at: index)
    return true
  }

  /// Takes the last batches of the open segment back, from index `count` on.
  mutating func takeBack(from count: Int) {
    guard let open else { return }
    for batch in open.batches[count...].reversed() {
      for mark in batch.marks { sources[mark.source]?.last = mark.before }
      self.open?.records -= batch.records
    }
    self.open?.batches.removeSubrange(count...)
  }
}
