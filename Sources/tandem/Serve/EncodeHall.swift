import Align
import Dispatch
import Encode
import Flow
import Fuse
import Media
import Supervise
import Synchronization
import System

/// The right of the seam for all sources: one thread that encodes, aligns and fuses what they give, each source in
/// stages of its own, and the pictures of all of them together. Sources hand over through lanes, whose bounds in bytes
/// are the daemon's memory.
final class EncodeHall: Sendable {
  /// Bytes of items that are taken at once.
  private static let portion = 24 << 20
  /// Longest time for a batch of pictures, or for what a source gave at once.
  private static let patience = Duration.seconds(300)

  private let plan: WayPlan
  private let funnel: Funnel<HandOver>
  private let desk: RecordDesk
  private let clock: Clock
  private let onLost: @Sendable (String) -> Void
  private let errand = Errand()
  /// When nothing is worked on any more.
  private let lastMoment = Mutex<Duration?>(nil)
  private let inWork = Mutex(0)
  private let newcomers = Mutex<[Int: Newcomer]>([:])

  /// A source whose lane has been opened, and whose stages are not yet made.
  private struct Newcomer {
    let status: SourceStatus
    /// Records up to this one are stored already.
    let stored: Embedding.Place?
  }

  /// - Parameter onLost: told of a source whose content could not be worked on: its reading will not finish.
  init(
    _ plan: WayPlan, _ desk: RecordDesk, memory: Int, _ clock: Clock, onLost: @escaping @Sendable (String) -> Void
  ) {
    self.plan = plan
    self.desk = desk
    self.clock = clock
    self.onLost = onLost
    funnel = Funnel(limit: memory, weigh: \.byteCount)
  }

  /// A way in for one reading of a source.
  /// - Parameter isShedding: it lets whole windows go where it is full; else its sender waits.
  func open(_ number: Int, _ status: SourceStatus, limit: Int, isShedding: Bool) -> Funnel<HandOver>.Lane {
    let newcomer = Newcomer(status: status, stored: desk.last(of: status.label))  // waits for the disk
    newcomers.withLock { $0[number] = newcomer }
    return funnel.open(number, limit: limit, isShedding ? WindowShedding(plan.grid) : nil)
  }

  /// - Throws: where the system gives no thread.
  func start(_ pulse: Pulses.Pulse) throws(Errno) { try errand.start { [self] in work(pulse) } }

  /// Nothing more is taken in; what waits is still worked on, as far as that is possible within this time.
  func close(within patience: Duration) {
    lastMoment.withLock { $0 = clock.now() + patience }
    funnel.close()
  }

  /// Whether all that was taken in has been worked on by then, or given up; waits for it.
  func hasEnded(by deadline: DispatchTime) -> Bool { errand.hasEnded(by: deadline) }

  /// Bytes that wait, and those that have been taken and are being worked on.
  var waiting: Int { funnel.weight }
  var working: Int { inWork.withLock { $0 } }

  /// Until the hall is closed and empty.
  private func work(_ pulse: Pulses.Pulse) {
    var ways: [Int: SourceWay] = [:]
    var pictures = SharedPictureEncoder(plan.model)
    while !funnel.isFinished {
      pulse.beat(within: Self.patience)
      let deliveries = funnel.receive(most: Self.portion, timeout: .now() + .seconds(1)) ?? []
      inWork.withLock { $0 = deliveries.flatMap(\.elements).reduce(0) { $0 + $1.byteCount } }
      for lane in deliveries.map(\.lane) where ways[lane] == nil { ways[lane] = makeWay(lane) }
      var ahead = deliveries.map { delivery in
        ways[delivery.lane]?.wishes(delivery.elements.flatMap(\.items)) ?? PicturesAhead()
      }
      if !isTooLate { pictures.encode(&ahead) { pulse.beat(within: Self.patience) } }
      for (delivery, ahead) in zip(deliveries, ahead) {
        work(on: delivery, knowing: ahead, &ways, pulse)
        guard delivery.isLast else { continue }
        if var way = ways.removeValue(forKey: delivery.lane) { way.breakOff() }
        newcomers.withLock { $0[delivery.lane] = nil }
      }
    }
    pulse.end()
  }

  /// What goes wrong with one source ends its lane, and nothing else: no more is taken, and what waits is let go.
  private func work(
    on delivery: Funnel<HandOver>.Delivery, knowing ahead: PicturesAhead, _ ways: inout [Int: SourceWay],
    _ pulse: Pulses.Pulse
  ) {
    // Taken out, so that nothing else holds its stages while they change.
    guard var way = ways.removeValue(forKey: delivery.lane) else { return }
    for handOver in delivery.elements {
      defer { inWork.withLock { $0 -= handOver.byteCount } }
      guard !isTooLate else {
        way.abandon()
        continue
      }
      pulse.beat(within: Self.patience)
      do {
        guard let given = try way.accept(handOver.items, knowing: ahead) else { continue }
        pulse.rest()  // the desk has a pulse
        desk.deliver(given, arrived: handOver.arrived)
      } catch {
        way.fail("\(error)")
        onLost(way.label)
        funnel.refuse(delivery.lane)
        way.letGo(handOver.items)
      }
    }
    if !way.isOver { ways[delivery.lane] = way }
  }

  private var isTooLate: Bool { lastMoment.withLock { $0.map { clock.now() > $0 } ?? false } }

  /// Nil for what was still on its way when its lane was closed.
  private func makeWay(_ lane: Int) -> SourceWay? {
    newcomers.withLock { $0.removeValue(forKey: lane) }.map { SourceWay(plan, $0.status, stored: $0.stored) }
  }
}

/// The stages of one source, from items to records.
private struct SourceWay {
  private let status: SourceStatus
  private let stored: Embedding.Place?
  private var encode: EncodeStage
  private var align: Aligner
  private var fuse: Fuser
  private(set) var isOver = false
  /// Its encoders broke off: what still comes is let go.
  private var hasFailed = false
  /// What the status knows of its windows.
  private var counted = Aligner.Accounts()

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
  func wishes(_ items: [Item]) -> PicturesAhead { hasFailed ? PicturesAhead() : encode.wishes(items) }

  /// The records that the items complete, without those that are stored already; nil where there are none.
  mutating func accept(_ items: [Item], knowing ahead: PicturesAhead) throws -> Delivery? {
    guard !hasFailed else {
      letGo(items)
      return nil
    }
    for case .picture(let picture) in items where picture.slot.number == 0 { status.show(picture.image) }
    var records: [Embedding] = []
    for aligned in try encode.accept(items, knowing: ahead).flatMap({ align.accept($0) }) {
      records += fuse.accept(aligned).filter(isNew)
      if case .ended = aligned { isOver = true }
    }
    count()
    if isOver { status.countFile() }
    return records.isEmpty && !isOver ? nil : Delivery(source: status.label, records: records, isLast: isOver)
  }

  var label: String { status.label }

  mutating func fail(_ reason: String) {
    hasFailed = true
    align.abandon()
    status.change { state in
      state.lastError = reason
      state.counters.add("stages_failed")
    }
  }

  /// The windows that the items belong to are due all the same. Whoever has read the source to its end already does
  /// not read it again.
  mutating func letGo(_ items: [Item]) {
    for case .mark(let mark) in items {
      if case .ended = mark {
        isOver = true
        status.leaveOut()
      }
      _ = align.accept(.mark(mark))
    }
    count()
  }

  /// Nothing more comes: what its encoders left open is let go.
  mutating func breakOff() {
    guard hasFailed else { return }
    _ = align.breakOff()
    count()
  }

  private mutating func count() {
    status.count(align.accounts - counted)
    counted = align.accounts
  }

  /// A hand-over that nobody works on any more, since all ends.
  func abandon() { status.change { $0.counters.add("abandoned_at_stop") } }

  private func isNew(_ record: Embedding) -> Bool {
    guard let place = record.place, let stored else { return true }
    let isNew = (place.epoch, place.window) > (stored.epoch, stored.window)
    if !isNew { status.countStored() }
    return isNew
  }
}
