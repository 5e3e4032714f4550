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
  /// How many gaps are remembered, and for how many datagrams.
  private static let rememberedGaps = 4
  private static let longestMemory = 256

  func continues(with datagram: Datagram) -> Bool { datagram.sequence == nil }

  func place(_ datagram: Datagram, among held: [Datagram]) -> DatagramPlace {
    let isNext = isNext(datagram) { held }
    let wasThere = recent.contains(datagram.bytes) || held.contains { $0.bytes == datagram.bytes }
    // What only fills the stream up may be sent with the same counters again; what begins a unit has a stamp.
    if wasThere, !isNext || datagram.packets.contains(where: \.isStart) { return .repeated }
    return isNext ? .next : .ahead
  }

  /// Four bits fit by chance: what goes on where those that came before it end is taken for one of them.
  func isNext(_ datagram: Datagram, before held: () -> [Datagram]) -> Bool {
    guard fits(datagram, last) else { return false }
    let held = held()
    return held.isEmpty || !fits(datagram, end(of: held))
  }

  /// Whether the last of those that wait was what the others waited for, though it might have been sent behind them:
  /// with it in front nothing is missing, up to this one.
  func closes(_ held: [Datagram], before datagram: Datagram) -> Bool {
    guard let candidate = held.last, held.count > 1, fits(candidate, last) else { return false }
    return fits(held[0], end(of: [candidate])) && fits(datagram, end(of: [candidate] + held.dropLast()))
  }

  private func end(of held: [Datagram]) -> [Int: CountedPacket] {
    held.reduce(into: last) { end, datagram in
      for packet in datagram.packets where packet.isCounted { end[packet.pid] = CountedPacket(packet) }
    }
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
    return gaps.contains { !known.isDisjoint(with: $0.last.keys) && fits(datagram, $0.last) }
  }

  func first(of held: [Datagram]) -> Int { 0 }

  /// Whether a datagram follows these. Of a PID that they do not have it is believed.
  private func fits(_ datagram: Datagram, _ last: [Int: CountedPacket]) -> Bool {
    var own: [Int: CountedPacket] = [:]
    return datagram.packets.allSatisfy { packet in
      guard packet.isCounted else { return true }
      defer { own[packet.pid] = CountedPacket(packet) }
      return (own[packet.pid] ?? last[packet.pid]).map { ($0.missing(before: packet) ?? 0) == 0 } ?? true
    }
  }
}

extension TransportPacket {
  var isCounted: Bool { hasPayload && !isNull }
}
