import Decode
import Media

/// What reading a live source needs beside what reading a file does: clocks, and what they tell.
struct LiveSide {
  private let clock: HostClock
  private let options: LiveOptions
  private var watch: LiveWatch
  /// Wall minus monotonic clock. It follows the wall's small corrections, never its steps.
  private var wall: TimeSpan
  private var arrivals = WallEstimate()
  private var sender = SenderClock()
  private var steps = ReportSteps()
  /// Whether sound tells the sender's time. A parser may pass a picture's on with the picture before.
  private let hearsReports: Bool
  /// Slots whose packets carry the sender's reports, and how many in a row.
  private var reported: [Slot: Int] = [:]
  /// Picture tracks that have not come to a key frame.
  private var awaitingKey: Set<Slot>
  private var markedEpoch: Int32?
  private var marked = TimeSpan.zero
  private let began: TimeSpan
  private var entered: TimeSpan
  /// Time spent inside `next`, and of that, waiting for packets.
  private var read = TimeSpan.zero
  private(set) var waited = TimeSpan.zero
  /// How long `waited` was when the tracks began to wait for each other.
  private var holding: TimeSpan?

  private static let keyWait = TimeSpan(seconds: 10)
  private static let holdWait = TimeSpan(seconds: 2)
  private static let markInterval = TimeSpan(seconds: 1)

  init(_ clock: HostClock, _ options: LiveOptions, isPaced: Bool, _ slots: [Slot]) {
    self.clock = clock
    self.options = options
    watch = LiveWatch(options, isPaced: isPaced, read: .zero)
    began = clock.now()
    entered = began
    wall = clock.wall() - began
    hearsReports = slots.contains { $0.modality == .audio }
    awaitingKey = Set(slots.filter { $0.modality == .video })
  }

  // MARK: Time

  mutating func enter() { entered = clock.now() }
  mutating func leave() { read += clock.now() - entered }

  /// Reads by `work` and counts the time.
  mutating func waiting<Result, Failure: Error>(
    _ work: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let before = clock.now()
    defer { waited += clock.now() - before }
    return try work()
  }

  /// Whether a read that failed after this long failed because nothing came.
  func isSilence(since before: TimeSpan) -> Bool {
    waited - before >= TimeSpan(flicks: options.silenceWait.flicks / 10 * 9)
  }

  // MARK: Packets

  /// Whether a packet is of use: pictures before the first key frame cannot be decoded.
  mutating func isDecodable(_ packet: Packet, _ slot: Slot) -> Bool {
    guard awaitingKey.contains(slot), !packet.isKey, clock.now() - began < Self.keyWait else {
      awaitingKey.remove(slot)
      return true
    }
    return false
  }

  /// Whether the sender's reports of all tracks have come, and are of one clock: nil while it cannot be told. A parser
  /// may pass a picture's report on with the picture before, so that one alone says nothing.
  /// - Parameter time: the packet's stamp as it was read; nil where it has none.
  mutating func isReported(_ packet: Packet, _ slot: Slot, at time: TimeSpan?, among slots: [Slot]) -> Bool? {
    guard let time, slot.modality != .text else { return nil }  // nor has it a report of its own
    guard packet.senderTime != nil else {
      reported[slot] = 0
      steps = ReportSteps()
      return false
    }
    reported[slot, default: 0] += 1
    let haveAll = slots.allSatisfy { $0.modality == .text || reported[$0] ?? 0 >= ($0.modality == .video ? 2 : 1) }
    guard haveAll else { return nil }
    steps.note(slot, at: time, now: clock.now())
    return !steps.isUnderWay(among: slots, now: clock.now())
  }

  /// The clock changed: the reports moved the stamps: what was learnt of them is void.
  mutating func forgetStamps() {
    arrivals = WallEstimate()
    sender.forgetStamps()
  }

  /// A packet that has come just now.
  /// - Parameters:
  ///   - time: its source time.
  ///   - isLocked: all tracks stand on the clock of the sender's reports.
  mutating func arrive(_ packet: Packet, _ slot: Slot, at time: TimeSpan, isLocked: Bool) {
    let now = clock.now()
    let drift = clock.wall() - now - wall
    if drift.magnitude < TimeSpan(seconds: 1) { wall += drift }
    arrivals.observe(now - time, now: now)
    guard isLocked, let told = packet.senderTime, slot.modality == .audio || !hearsReports else { return }
    sender.observe(TimeSpan(ticks: told, Self.micro), at: time, now: now, wall: clock.wall())
  }

  private static let micro = Ratio(1, 1_000_000)

  /// Wall minus source time, since 1970, by our own clock.
  var arrivalOffset: TimeSpan? { arrivals.offset.map { $0 + wall } }

  var counters: Counters {
    var counters = Counters()
    counters.add("reports_rejected", sender.rejected)
    return counters
  }

  /// The wall's time of an epoch's zero, once a second.
  mutating func mark(_ epoch: (index: Int32, zero: TimeSpan)?) -> Item? {
    guard let epoch, let arrivalOffset else { return nil }
    let now = clock.now()
    guard markedEpoch != epoch.index || now - marked >= Self.markInterval else { return nil }
    (markedEpoch, marked) = (epoch.index, now)
    let senderOffset = sender.offset(now: now)
    let isReported = senderOffset != nil
    // Reports and clocks are read to the millisecond, a report may be that of the next picture.
    let width =
      (isReported ? sender.spread : arrivals.spread) + TimeSpan(milliseconds: isReported && !hearsReports ? 100 : 1)
    return .mark(
      .wall(
        WallTime(
          epoch: epoch.index, zero: ((senderOffset ?? arrivalOffset) + epoch.zero).ticks(Self.micro),
          arrivalZero: (arrivalOffset + epoch.zero).ticks(Self.micro),
          uncertaintyMicroseconds: width.ticks(Self.micro), basis: isReported ? .sender : .arrival,
          driftPPM: arrivals.driftPPM)))
  }

  // MARK: Watching

  mutating func decoded(_ slot: Slot, stamp: TimeSpan?) {
    let now = clock.now()
    watch.note(slot, stamp: stamp, read: read + (now - entered), now: now)
  }

  var fault: SourceFault? {
    let now = clock.now()
    return watch.fault(read: read + (now - entered), now: now)
  }

  /// Whether a track has been waited for long enough before an epoch opens without it.
  mutating func isTiredOfHolding(_ isHolding: Bool) -> Bool {
    guard isHolding else {
      holding = nil
      return false
    }
    let since = holding ?? waited
    holding = since
    guard waited - since >= Self.holdWait else { return false }
    holding = nil
    return true
  }
}
