/// The order of datagrams by RTP's numbers.
struct SequenceLine: DatagramLine {
  let reach = 512
  private var next: UInt16?
  private var sender: UInt32 = 0
  /// Numbers that went on lately.
  private var recent: [UInt16] = []

  /// Further than this nothing comes late: the sender counts anew.
  private static let farthest = 512...3000
  private static let memory = 64

  func continues(with datagram: Datagram) -> Bool {
    guard let sequence = datagram.sequence else { return false }
    guard next != nil else { return true }
    let ahead = distance(sequence)
    return datagram.sender == sender && ahead > -Self.farthest.lowerBound && ahead < Self.farthest.upperBound
  }

  func place(_ datagram: Datagram, among held: [Datagram]) -> DatagramPlace {
    let sequence = datagram.sequence ?? 0
    let ahead = distance(sequence)
    if ahead == 0 { return .next }
    if ahead < 0 { return recent.contains(sequence) ? .repeated : .late }
    return held.contains { $0.sequence == sequence } ? .repeated : .ahead
  }

  mutating func pass(_ datagram: Datagram) {
    let sequence = datagram.sequence ?? 0
    (next, sender) = (sequence &+ 1, datagram.sender)
    recent = recent.suffix(Self.memory - 1) + [sequence]
  }

  mutating func skip(to datagram: Datagram) -> Int64 {
    defer { pass(datagram) }
    return Int64(distance(datagram.sequence ?? 0))
  }

  /// What waits is ahead for sure.
  func mark(_ datagram: Datagram) -> Int { 0 }
  func isNext(_ datagram: Datagram, before held: () -> [Datagram]) -> Bool { distance(datagram.sequence ?? 0) == 0 }
  func closes(_ held: [Datagram], before datagram: Datagram) -> Bool { false }
  func fillsGap(_ datagram: Datagram) -> Bool { false }

  func first(of held: [Datagram]) -> Int {
    held.indices.min { distance(held[$0].sequence ?? 0) < distance(held[$1].sequence ?? 0) } ?? 0
  }

  private func distance(_ sequence: UInt16) -> Int { next.map { Int(Int16(bitPattern: sequence &- $0)) } ?? 0 }
}
