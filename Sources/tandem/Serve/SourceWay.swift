import Align
import Encode
import Fuse
import Media

/// The stages of one source, from items to records.
struct SourceWay {
  private let status: SourceStatus
  private let stored: Embedding.Place?
  private var encode: EncodeStage
  private var align: Aligner
  private var fuse: Fuser
  private(set) var isOver = false
  /// Of the aligner's, those that the source's status knows.
  private var counted = Aligner.Accounts()
  /// The open epoch, and how far it has come.
  private var open: (epoch: Int32, end: Instant)?

  init(_ plan: WayPlan, _ status: SourceStatus, stored: Embedding.Place?) {
    self.status = status
    self.stored = stored
    encode = plan.makeEncodeStage()
    let model = plan.model
    align = Aligner(
      plan.grid, slots: plan.selection.slots, keepsSteps: plan.layout.hasSteps, embed: { model.embed($0, pooled: $1) })
    fuse = plan.fuser
  }

  /// The pictures that the items need.
  func wishes(_ items: [Item]) -> PicturesAhead { encode.wishes(items) }

  /// Gives the records that the items complete, without those that are stored already, in portions.
  /// - Parameter give: false where there is no time for more.
  mutating func accept(_ items: [Item], knowing ahead: PicturesAhead, give: (Delivery) -> Bool) throws {
    for case .picture(let picture) in items where picture.slot.number == 0 { status.show(picture.image) }
    for encoded in try encode.accept(items, knowing: ahead) {
      align.note(encoded)
      while let portion = align.next() {
        if let delivery = deliver(portion), !give(delivery) { return lose([], .stopped) }
      }
    }
    for case .mark(let mark) in items { note(mark) }
    if isOver { status.countFile() }
  }

  private mutating func deliver(_ portion: [Aligned]) -> Delivery? {
    var records: [Embedding] = []
    for aligned in portion {
      records += fuse.accept(aligned).filter(isNew)
      if case .ended = aligned { isOver = true }
    }
    count(underWay: records.count)
    return records.isEmpty && !isOver ? nil : Delivery(status: status, records: records, isLast: isOver)
  }

  var label: String { status.label }

  /// It broke off at these items, the last of its lane.
  mutating func fail(_ reason: String, losing items: [Item]) {
    lose(items, .failed)
    closeEpoch()
    count(dropped: .failed)
    status.change { state in
      state.lastError = reason
      state.counters.add("stages_failed")
    }
    // Whoever has read it to its end does not read it again.
    if items.contains(where: \.isEnd) { status.leaveOut() }
  }

  /// Nobody works on these items any more: what windows they would have made is counted as lost.
  mutating func lose(_ items: [Item], _ loss: WindowLoss) {
    if let open { drop(open.epoch) }
    for case .mark(let mark) in items {
      if case .epoch = mark { closeEpoch() }
      note(mark)
      switch mark {
      case .opened, .closed: _ = align.accept(.mark(mark))
      case .epoch(let epoch):
        _ = align.accept(.mark(mark))
        drop(epoch.index)
      default: break
      }
    }
    count(dropped: loss)
  }

  /// All that is still to come of an epoch.
  private mutating func drop(_ epoch: Int32) {
    _ = align.accept(.mark(.dropped(epoch: epoch, Interval(.zero, .end))))
  }

  /// Ends an epoch where its content does.
  private mutating func closeEpoch() {
    guard let open else { return }
    _ = align.accept(.mark(.closed(epoch: open.epoch, end: open.end)))
    self.open = nil
  }

  private mutating func note(_ mark: Mark) {
    switch mark {
    case .epoch(let epoch): open = (epoch.index, .zero)
    case .covered(let coverage): open = open.map { ($0.epoch, max($0.end, coverage.interval.end)) }
    case .closed: open = nil
    default: break
    }
  }

  private mutating func count(dropped loss: WindowLoss = .overload, underWay records: Int = 0) {
    let more = align.accounts - counted
    status.count(more, dropped: loss, underWay: records)
    if more.cutTexts > 0 { status.change { $0.counters.add("texts_cut", more.cutTexts) } }
    counted = align.accounts
  }

  private func isNew(_ record: Embedding) -> Bool {
    guard let place = record.place, let stored else { return true }
    let isNew = (place.epoch, place.window) > (stored.epoch, stored.window)
    if !isNew { status.countStored() }
    return isNew
  }
}

extension Item {
  /// The source ends.
  var isEnd: Bool { if case .mark(.ended) = self { true } else { false } }
}
