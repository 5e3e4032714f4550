import Align
import Dispatch
import Encode
import Flow
import Fuse
import Media
import Supervise
import Synchronization

/// The right of the seam for all sources: one thread that encodes, aligns and fuses what they give, each source in
/// stages of its own, and the pictures of all of them together. Sources hand over through lanes, whose bounds in bytes
/// are the daemon's memory.
final class EncodeHall: Sendable {
  /// Bytes of items that are taken at once.
  private static let portion = 24 << 20
  /// Longest time for a batch of pictures, or for what a source gave.
  private static let patience = Duration.seconds(300)

  private let plan: WayPlan
  private let funnel: Funnel<HandOver>
  private let desk: RecordDesk
  private let newcomers = Mutex<[Int: Newcomer]>([:])

  /// A source whose lane has been opened, and whose stages are not yet made.
  private struct Newcomer {
    let status: SourceStatus
    /// Records up to this one are stored already.
    let stored: Embedding.Place?
  }

  init(_ plan: WayPlan, _ desk: RecordDesk, memory: Int) {
    self.plan = plan
    self.desk = desk
    funnel = Funnel(limit: memory, weigh: \.byteCount, shed: HandOver.shed)
  }

  /// A way in for one reading of a source.
  func open(
    _ number: Int, _ status: SourceStatus, limit: Int, _ overflow: Funnel<HandOver>.Overflow
  ) -> Funnel<HandOver>.Lane {
    newcomers.withLock {
      $0[number] = Newcomer(status: status, stored: desk.last(of: status.label))
    }
    return funnel.open(number, limit: limit, overflow)
  }

  /// Nothing more is taken in; what waits is still worked on.
  func close() { funnel.close() }

  /// Bytes that wait.
  var waiting: Int { funnel.weight }

  /// Works until the hall is closed and empty.
  func work(_ pulse: Pulses.Pulse) {
    var ways: [Int: SourceWay] = [:]
    var pictures = SharedPictureEncoder(plan.model)
    while true {
      pulse.beat(within: .seconds(60))
      guard let deliveries = funnel.receive(most: Self.portion, timeout: .now() + .seconds(1)) else {
        if funnel.isClosed { return }
        continue
      }
      for lane in deliveries.map(\.lane) where ways[lane] == nil { ways[lane] = makeWay(lane) }
      var ahead = deliveries.map { delivery in
        ways[delivery.lane]?.wishes(delivery.elements.flatMap(\.items)) ?? PicturesAhead()
      }
      pictures.encode(&ahead) { pulse.beat(within: Self.patience) }
      for (delivery, ahead) in zip(deliveries, ahead) {
        pulse.beat(within: Self.patience)
        work(on: delivery, knowing: ahead, &ways)
      }
    }
  }

  /// What goes wrong with one source ends its lane, and nothing else.
  private func work(
    on delivery: Funnel<HandOver>.Delivery, knowing ahead: PicturesAhead, _ ways: inout [Int: SourceWay]
  ) {
    // Taken out, so that nothing else holds its stages while they change.
    guard var way = ways.removeValue(forKey: delivery.lane) else { return }
    do {
      for handOver in delivery.elements {
        guard let given = try way.accept(handOver.items, knowing: ahead) else { continue }
        desk.deliver(given, arrived: handOver.arrived)
      }
      if !way.isOver { ways[delivery.lane] = way }
    } catch {
      way.fail("\(error)")
      funnel.close(delivery.lane)
    }
  }

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

  /// The records that the items complete, without those that are stored already; nil where there are none.
  mutating func accept(_ items: [Item], knowing ahead: PicturesAhead) throws -> Delivery? {
    for case .picture(let picture) in items where picture.slot.number == 0 { status.show(picture.image) }
    var records: [Embedding] = []
    for aligned in try encode.accept(items, knowing: ahead).flatMap({ align.accept($0) }) {
      records += fuse.accept(aligned).filter(isNew)
      if case .ended = aligned { isOver = true }
    }
    status.count(align.accounts)
    return records.isEmpty && !isOver ? nil : Delivery(source: status.label, records: records, isLast: isOver)
  }

  func fail(_ reason: String) { status.fail(reason) }

  private func isNew(_ record: Embedding) -> Bool {
    guard let place = record.place, let stored else { return true }
    let isNew = (place.epoch, place.window) > (stored.epoch, stored.window)
    if !isNew { status.countStored() }
    return isNew
  }
}
