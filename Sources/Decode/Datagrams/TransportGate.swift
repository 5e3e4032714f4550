import Media

/// What of a transport stream goes on to the demuxer. It would join what stands before and behind a gap, and give the
/// sound behind it the stamp of that before: a unit of sound goes on whole, or the whole frames of its beginning, or not
/// at all. It goes on when its last packet has come, and sooner the demuxer would give nothing of it.
struct TransportGate {
  private var tracks: [Int: Track] = [:]
  /// Gaps so far, of all PIDs.
  private var gaps = 0
  private(set) var counters = Counters()

  /// PIDs of which something is held back.
  private static let holders = 16

  /// Something is missing before the next packet, of whichever PID.
  mutating func noteGap() { gaps += 1 }

  mutating func pass(_ datagram: Datagram, into output: inout [UInt8]) {
    for packet in datagram.packets {
      guard !packet.isNull, !packet.isScrambled else {
        output += packet.whole
        continue
      }
      let mayHold = !packet.isStart || tracks.values.count { $0.isHolding } < Self.holders
      tracks[packet.pid, default: Track()].pass(packet, mayHold: mayHold, gaps: &gaps, into: &output, &counters)
    }
  }
}

/// One PID of a transport stream.
private struct Track {
  private enum State {
    /// What it is need not be whole: pictures, tables; or nobody knows yet.
    case open
    /// A unit of sound that says its length.
    case holding(missing: Int)
    /// A unit of sound that does not.
    case endless
    /// A unit of sound is complete.
    case over
    /// A unit of sound lacks something: what still comes of it is left out.
    case torn
  }

  private var state = State.open
  /// Something before it is missing: a frame that began there may end in here, and its one stamp has no witness.
  private var isDoubtful = false
  /// The unit so far.
  private var held: [UInt8] = []
  private var gapsBefore = 0
  private var last: CountedPacket?

  /// Bytes held back: twice as many as the longest unit takes where its packets are full.
  private static let room = 1 << 17

  var isHolding: Bool { if case .holding = state { true } else { false } }

  mutating func pass(
    _ packet: TransportPacket, mayHold: Bool, gaps: inout Int, into output: inout [UInt8], _ counters: inout Counters
  ) {
    guard packet.hasPayload else { return forward(packet, gaps, into: &output, &counters) }
    guard let missed = last.map({ $0.missing(before: packet) }) ?? 0 else {
      return counters.add("ts_packets_repeated")
    }
    if missed > 0 { counters.add("ts_packets_missed", Int64(missed)) }
    last = CountedPacket(packet)
    let isTorn = missed > 0 || packet.isDamaged
    if isTorn {
      gaps += 1
      tear(into: &output, &counters)
    }
    if packet.isStart { begin(packet, mayHold: mayHold, gaps, into: &output, &counters) }
    forward(packet, gaps, into: &output, &counters)
  }

  private mutating func begin(
    _ packet: TransportPacket, mayHold: Bool, _ gaps: Int, into output: inout [UInt8], _ counters: inout Counters
  ) {
    if isHolding, gaps > gapsBefore { tear(into: &output, &counters) }
    // Shorter than it said, though nothing is missing.
    if isHolding { releasePart(into: &output) }
    guard let header = UnitHeader(packet.payload), !header.isPicture else {
      state = .open
      return
    }
    gapsBefore = gaps
    state = header.length.flatMap { mayHold ? .holding(missing: $0) : nil } ?? .endless
  }

  private mutating func tear(into output: inout [UInt8], _ counters: inout Counters) {
    if isHolding, let frames = SoundFrames(held) {
      let at = output.count + TransportPacket.size
      output += frames.packets
      if at < output.count { markIfDoubtful(&output, at) }
    }
    switch state {
    case .open: return
    case .holding, .endless: counters.add("pes_packets_incomplete")
    case .over, .torn: break
    }
    isDoubtful = true
    (state, held) = (.torn, [])
  }

  private mutating func forward(
    _ packet: TransportPacket, _ gaps: Int, into output: inout [UInt8], _ counters: inout Counters
  ) {
    switch state {
    case .torn: if !packet.hasPayload { output += packet.whole }
    case .open, .over: output += packet.whole
    case .endless:
      let at = output.count
      output += packet.whole
      if packet.hasPayload, !packet.isStart { markIfDoubtful(&output, at) }
    case .holding(let missing):
      held += packet.whole
      let rest = missing - packet.payload.count
      state = .holding(missing: rest)
      if rest <= 0 {
        // Sixteen missing packets, or twice as many, are none to the counter.
        if gaps > gapsBefore, SoundFrames(held)?.isBroken ?? false { return tear(into: &output, &counters) }
        return release(into: &output)
      }
      if held.count >= Self.room { releasePart(into: &output) }
    }
  }

  /// What there is of a unit goes on.
  private mutating func releasePart(into output: inout [UInt8]) {
    release(into: &output)
    isDoubtful = true
  }

  private mutating func release(into output: inout [UInt8]) {
    let at = output.count + TransportPacket.size
    output += held
    // The demuxer forgets the mark of a unit's first packet.
    if at < output.count { markIfDoubtful(&output, at) }
    (state, isDoubtful, held) = (.over, false, [])
  }

  /// Calls a packet damaged: so is then what the demuxer makes of its unit.
  private mutating func markIfDoubtful(_ bytes: inout [UInt8], _ at: Int) {
    if isDoubtful { bytes[at + 1] |= 0x80 }
    isDoubtful = false
  }
}
