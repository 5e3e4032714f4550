import Media

/// Puts datagrams of a transport stream back into the order in which they were sent, and leaves out what was there
/// before. As long as they come in order nothing is held back; what is, is bounded, and whoever asks says how long.
struct DatagramOrder {
  private struct Held {
    let datagram: Datagram
    let since: TimeSpan
    /// How far the line was when it came, or when it last let go what waited.
    var begin: Int
    /// It would have gone on where something was missing that has been given up.
    let fillsGap: Bool
  }

  /// In the order in which they came.
  private var held: [Held] = []
  private var line: any DatagramLine = CounterLine()
  private(set) var counters = Counters()

  /// Bytes held back.
  private static let room = 1 << 20

  /// Since when something is missing that may still come.
  var waitsSince: TimeSpan? { held.lazy.map(\.since).min() }

  /// What may go on, now that this one has come.
  mutating func accept(_ datagram: Datagram, at time: TimeSpan) -> [Datagram] {
    guard datagram.isTransport else { return flush() + [datagram] }
    let before = follow(datagram)
    let waiting = held.map(\.datagram)
    switch line.place(datagram, among: waiting) {
    case .next: return before + close(with: datagram)
    case .ahead:
      var closed: [Datagram] = []
      if line.closes(waiting, before: datagram) { closed = close(with: held.removeLast().datagram) }
      let fillsGap = line.fillsGap(datagram)
      held.append(Held(datagram: datagram, since: time, begin: line.mark(datagram), fillsGap: fillsGap))
      if !closed.isEmpty { closed += takeNext() }
      return before + closed + (isFull ? goOn() : [])
    case .repeated:
      counters.add("datagrams_repeated")
      return before
    case .late:
      counters.add("datagrams_late")
      return before
    }
  }

  /// The line goes on, and with it what has waited for this.
  private mutating func close(with datagram: Datagram) -> [Datagram] {
    line.pass(datagram)
    let behind = takeNext()
    if !behind.isEmpty {
      counters.add("datagrams_reordered")
      rebase()
    }
    leaveOutLate()
    return [datagram] + behind
  }

  /// What is missing has been waited for: what may go on without it. Where the line has gone on meanwhile, nothing
  /// was missing.
  mutating func giveUp() -> [Datagram] {
    guard let n = held.indices.min(by: { held[$0].since < held[$1].since }) else { return [] }
    if line.mark(held[n].datagram) == held[n].begin { return goOn() }
    held.remove(at: n)
    counters.add("datagrams_late")
    return []
  }

  /// Nothing comes any more.
  mutating func flush() -> [Datagram] {
    var flushed: [Datagram] = []
    while !held.isEmpty { flushed += goOn() }
    return flushed
  }

  /// Without what is missing: with the first of those since which the line has stood still.
  private mutating func goOn() -> [Datagram] {
    let still = held.indices.filter { held[$0].begin == line.mark(held[$0].datagram) }
    let choice = still.isEmpty ? Array(held.indices) : still
    let first = held.remove(at: choice[line.first(of: choice.map { held[$0].datagram })]).datagram
    let missed = line.skip(to: first)
    if missed > 0 { counters.add("rtp_packets_missed", missed) }
    let behind = takeNext()
    rebase()
    return [first] + behind
  }

  /// Another sender, or another way of sending, is another line.
  private mutating func follow(_ datagram: Datagram) -> [Datagram] {
    guard !line.continues(with: datagram) else { return [] }
    defer { line = datagram.sequence == nil ? CounterLine() : SequenceLine() }
    return flush()
  }

  /// Those for which nothing is missing any more.
  private mutating func takeNext() -> [Datagram] {
    var taken: [Datagram] = []
    while let n = held.indices.first(where: { isNext($0) }) {
      let datagram = held.remove(at: n).datagram
      line.pass(datagram)
      taken.append(datagram)
    }
    return taken
  }

  private func isNext(_ n: Int) -> Bool {
    line.isNext(held[n].datagram) { held[..<n].map(\.datagram) }
  }

  /// The line has gone on without them: soon its counters would say that it is their turn, and it would be another's.
  private mutating func leaveOutLate() {
    let count = held.count
    held.removeAll { each in
      let passed = line.mark(each.datagram) - each.begin
      return passed > (each.fillsGap ? 0 : max(0, line.reach - 1 - each.datagram.packets.count))
    }
    if held.count < count { counters.add("datagrams_late", Int64(count - held.count)) }
  }

  /// What still waits, waits behind what has just gone on.
  private mutating func rebase() {
    for n in held.indices { held[n].begin = line.mark(held[n].datagram) }
  }

  private var isFull: Bool { held.count >= line.reach || held.reduce(0) { $0 + $1.datagram.bytes.count } > Self.room }
}

/// What tells the order of datagrams.
protocol DatagramLine {
  /// How many may wait.
  var reach: Int { get }

  func continues(with datagram: Datagram) -> Bool
  func place(_ datagram: Datagram, among held: [Datagram]) -> DatagramPlace
  /// It went on, in its order.
  mutating func pass(_ datagram: Datagram)
  /// It went on though something before it is missing; returns how much, as far as known.
  mutating func skip(to datagram: Datagram) -> Int64
  /// Whether nothing is missing before it, and it is not rather one of those that came before it and wait: they are
  /// asked for where they matter.
  func isNext(_ datagram: Datagram, before held: () -> [Datagram]) -> Bool
  /// Whether the last of those that wait came late, as this one shows.
  func closes(_ held: [Datagram], before datagram: Datagram) -> Bool
  /// How far that has come which a datagram belongs to, in packets.
  func mark(_ datagram: Datagram) -> Int
  /// Whether it would have gone on before something that was skipped to.
  func fillsGap(_ datagram: Datagram) -> Bool
  /// Which of those that wait was sent first.
  func first(of held: [Datagram]) -> Int
}

enum DatagramPlace {
  case next
  /// Something before it has not come.
  case ahead
  /// It was there before.
  case repeated
  /// What comes after it has gone on without it.
  case late
}
