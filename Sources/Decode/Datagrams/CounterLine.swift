/// The order of datagrams that have no number, by the counters of their packets. These have four bits for each PID, so
/// they tell what is missing only as long as it is little.
struct CounterLine: DatagramLine {
  /// Beyond this the counters begin to say the same again.
  let reach = 16
  /// The last packet of each PID.
  private var last: [Int: CountedPacket] = [:]
  /// What went on lately: fewer than after which the same bytes can be meant to come again.
  private var recent: [[UInt8]] = []
  /// How many packets of each PID went on.
  private var counts: [Int: Int] = [:]
  /// The last packets before what was missing, and how many datagrams have gone on since.
  private var gaps: [(last: [Int: CountedPacket], age: Int)] = []

  private static let memory = 15
  /// How far one may be out of its place: beyond, the counters tell less than the order in which they came.
  private static let span = 4
  /// How many gaps are remembered, and for how many datagrams.
  private static let rememberedGaps = 4
  private static let longestMemory = 256

  /// How a datagram stands to counters.
  private struct Fit {
    var fits = true
    /// All PIDs did, and none showed a packet for the second time, as one may be sent twice.
    var isCertain = true
  }

  func continues(with datagram: Datagram) -> Bool { datagram.sequence == nil }

  func place(_ datagram: Datagram, among held: [Datagram]) -> DatagramPlace {
    let fit = fit(datagram, last)
    if fit.fits, fit.isCertain { return .next }
    if recent.contains(datagram.bytes) || held.contains(where: { $0.bytes == datagram.bytes }) { return .repeated }
    return fit.fits ? .next : .ahead
  }

  mutating func pass(_ datagram: Datagram) {
    for packet in datagram.packets where packet.isCounted {
      last[packet.pid] = CountedPacket(packet)
      counts[packet.pid, default: 0] += 1
    }
    recent = recent.suffix(Self.memory - 1) + [datagram.bytes]
    if !gaps.isEmpty { gaps = gaps.map { ($0.last, $0.age + 1) }.filter { $0.age < Self.longestMemory } }
  }

  /// Of the other PIDs nothing is known behind a gap: they are believed.
  mutating func skip(to datagram: Datagram) -> Int64 {
    gaps = gaps.suffix(Self.rememberedGaps - 1) + [(last, 0)]
    last = [:]
    pass(datagram)
    return 0
  }

  func mark(_ datagram: Datagram) -> Int {
    Set(datagram.packets.filter(\.isCounted).map(\.pid)).reduce(0) { $0 + (counts[$1] ?? 0) }
  }

  func fillsGap(_ datagram: Datagram) -> Bool {
    let known = Set(datagram.packets.filter(\.isCounted).map(\.pid))
    return gaps.contains { !known.isDisjoint(with: $0.last.keys) && fit(datagram, $0.last).fits }
  }

  /// The earliest, but for a later one behind which more of the others fit, in the order in which they came.
  func first(of held: [Datagram]) -> Int {
    let earliest = run(behind: 0, held).count
    return held.indices.prefix(Self.span).dropFirst().first { n in
      let run = run(behind: n, held)
      return run.count > earliest && run.dropFirst() == run.dropFirst().sorted()[...]
    } ?? 0
  }

  /// Which would go on behind one that did, it included.
  private func run(behind n: Int, _ held: [Datagram]) -> [Int] {
    var (line, run) = (CounterLine(), [n])
    line.pass(held[n])
    while let next = held.indices.first(where: { !run.contains($0) && line.fit(held[$0], line.last).fits }) {
      line.pass(held[next])
      run.append(next)
    }
    return run
  }

  private func fit(_ datagram: Datagram, _ last: [Int: CountedPacket]) -> Fit {
    var (fit, own) = (Fit(), [Int: CountedPacket]())
    for packet in datagram.packets where packet.isCounted {
      let missing = (own[packet.pid] ?? last[packet.pid]).map { $0.missing(before: packet) }
      switch missing {
      case .some(.some(let count)): fit.fits = fit.fits && count == 0
      case .some(.none), .none: fit.isCertain = false
      }
      own[packet.pid] = CountedPacket(packet)
    }
    return fit
  }
}

extension TransportPacket {
  var isCounted: Bool { hasPayload && !isNull }
}
