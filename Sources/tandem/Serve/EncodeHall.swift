import Dispatch
import Encode
import Flow
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
  /// From the arrival of what a source gave until it is taken, and from then until the stages are done with it.
  let (waits, works) = (LatencyHistogram(), LatencyHistogram())
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
      let taken = clock.now()
      for handOver in deliveries.flatMap(\.elements) { waits.add(taken - handOver.arrived) }
      for lane in deliveries.map(\.lane) where ways[lane] == nil { ways[lane] = makeWay(lane) }
      var ahead = deliveries.map { delivery in
        ways[delivery.lane]?.wishes(delivery.elements.flatMap(\.items)) ?? PicturesAhead()
      }
      if !isTooLate { pictures.encode(&ahead) { pulse.beat(within: Self.patience) } }
      for (delivery, ahead) in zip(deliveries, ahead) {
        work(on: delivery, taken, knowing: ahead, &ways, pulse)
        guard delivery.isLast else { continue }
        ways[delivery.lane] = nil
        newcomers.withLock { $0[delivery.lane] = nil }
      }
    }
    pulse.end()
  }

  /// What goes wrong with one source ends its lane, and nothing else.
  private func work(
    on delivery: Funnel<HandOver>.Delivery, _ taken: Duration, knowing ahead: PicturesAhead,
    _ ways: inout [Int: SourceWay], _ pulse: Pulses.Pulse
  ) {
    // Taken out, so that nothing else holds its stages while they change.
    guard var way = ways.removeValue(forKey: delivery.lane) else { return }
    for (n, handOver) in delivery.elements.enumerated() {
      defer { inWork.withLock { $0 -= handOver.byteCount } }
      guard !isTooLate else {
        way.lose(handOver.items, .stopped)
        continue
      }
      pulse.beat(within: Self.patience)
      do {
        try way.accept(handOver.items, knowing: ahead) { delivery in
          pulse.rest()  // the desk has a pulse
          desk.deliver(delivery, arrived: handOver.arrived)
          pulse.beat(within: Self.patience)
          return !isTooLate
        }
        works.add(clock.now() - taken)
      } catch {
        let rest = delivery.elements[n...] + funnel.close(delivery.lane)
        way.fail("\(error)", losing: rest.flatMap(\.items))
        onLost(way.label)
        return
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
