import Media
import Testing

@testable import Decode

@Suite struct TransportGateTests {
  /// What goes on of these packets, by PID: sound and pictures.
  private func passed(_ sent: [[UInt8]], keepsMarks: Bool = false) -> (tracks: [[UInt8]], counters: [String: Int64]) {
    var (gate, output) = (TransportGate(), [UInt8]())
    for packet in sent { gate.pass(Datagram(packet), into: &output) }
    if !keepsMarks { for at in stride(from: 0, to: output.count, by: 188) { output[at + 1] &= 0x7F } }
    let tracks = [TransportSample.sound, TransportSample.picture].map { track in
      packets(output).filter { pid($0) == track }.flatMap { $0 }
    }
    return (tracks, gate.counters.values)
  }

  /// Without packet n of the sound.
  private func torn(_ sample: TransportSample, _ missing: Set<Int>) -> [[UInt8]] {
    var n = -1
    return sample.packets.filter { packet in
      guard pid(packet) == TransportSample.sound else { return true }
      n += 1
      return !missing.contains(n)
    }
  }

  @Test func whatIsWholeGoesOnWholeAndAtOnce() {
    let sample = TransportSample(units: 6)
    #expect(passed(sample.packets).tracks == sample.kept(0..<6))
    #expect(passed(sample.packets).counters.isEmpty)
    // With the last packet of a unit, all of it has gone on.
    #expect(passed(Array(sample.packets[..<14])).tracks == TransportSample(units: 1).kept(0..<1))
  }

  @Test(arguments: 5..<10) func aUnitOfSoundThatLacksAPacketIsLeftOut(_ missing: Int) {
    let sample = TransportSample(units: 6)
    let (tracks, counters) = passed(torn(sample, [missing]))
    #expect(tracks == sample.kept([0, 2, 3, 4, 5]))
    #expect(counters["ts_packets_missed"] == 1)
    #expect(counters["pes_packets_incomplete"] == (missing == 5 ? nil : 1))
  }

  @Test func aBeginningAndAnEndOfTwoUnitsAreNoUnit() {
    let sample = TransportSample(units: 6)
    #expect(passed(torn(sample, Set(8...11))).tracks == sample.kept([0, 3, 4, 5]))
    #expect(passed(torn(sample, Set(7...12))).counters["ts_packets_missed"] == 6)
  }

  @Test func aUnitBehindAGapIsCalledDamaged() {
    let sounds = packets(passed(torn(TransportSample(units: 6), [7]), keepsMarks: true).tracks[0])
    let marked = sounds.indices.filter { sounds[$0][1] & 0x80 != 0 }
    #expect(marked == [6])  // the second packet of the unit behind the one that is left out
    #expect(sounds.count == 25)
  }

  @Test func soundThatDoesNotSayItsLengthGoesOnUpToTheGap() {
    let sample = TransportSample(units: 6, isEndless: true)
    let (tracks, counters) = passed(torn(sample, [7]), keepsMarks: true)
    let sounds = packets(tracks[0])
    #expect(sounds.count == 27)
    #expect(sounds.indices.filter { sounds[$0][1] & 0x80 != 0 } == [8])
    #expect(tracks[1] == sample.kept([])[1])
    #expect(counters["pes_packets_incomplete"] == 1)
  }

  @Test func picturesGoOnWhateverTheyLack() {
    let sample = TransportSample(units: 6)
    let sent = sample.packets.enumerated().filter { $0.offset != 3 }.map(\.element)
    #expect(passed(sent).tracks[1].count == 53 * 188)
    #expect(passed(sent).tracks[0] == sample.kept(0..<6)[0])
    #expect(passed(sent).counters == ["ts_packets_missed": 1])
  }

  @Test func aPacketMayBeSentTwice() {
    let sample = TransportSample(units: 3)
    let (tracks, counters) = passed(sample.packets.flatMap { [$0, $0] })
    #expect(tracks == sample.kept(0..<3))
    #expect(counters == ["ts_packets_repeated": 42])
  }

  @Test func aCounterMayBeginAnewWhereItIsSaid() {
    var sample = TransportSample(units: 1)
    sample.add(TransportSample.sound, isStart: false, isDiscontinuity: true)
    sample.add(TransportSample.sound, isStart: false)
    #expect(passed(sample.packets).counters.isEmpty)
  }

  @Test func aDamagedPacketOfSoundCostsItsUnit() {
    let sample = TransportSample(units: 3)
    var sent = sample.packets
    sent[25][1] |= 0x80
    let (tracks, counters) = passed(sent)
    #expect(tracks == sample.kept([0, 2]))
    #expect(counters == ["pes_packets_incomplete": 1])
  }

  @Test func aUnitThatSaysTooMuchGoesOnWithWhatItHas() {
    var sample = TransportSample(units: 1)
    sample.add(TransportSample.sound, isStart: true, head: [0, 0, 1, 0xC0, 0xFF, 0, 0x80, 0, 0, 0xFF, 0xE3])
    sample.add(TransportSample.sound, isStart: false)
    sample.add(TransportSample.sound, isStart: true, head: [0, 0, 1, 0xC0, 0xFF, 0, 0x80, 0, 0, 0xFF, 0xE3])
    #expect(packets(passed(sample.packets).tracks[0]).count == 7)
  }

  @Test func whatIsHeldBackIsBounded() {
    var (gate, sent, given) = (TransportGate(), 0, [UInt8]())
    for pid in 300..<2300 {
      var sample = TransportSample(units: 0)
      sample.add(pid, isStart: true, head: [0, 0, 1, 0xC0, 0xFF, 0xFF, 0x80, 0, 0])
      for _ in 0..<8 { sample.add(pid, isStart: false) }
      sent += sample.bytes.count
      gate.pass(Datagram(sample.bytes), into: &given)
    }
    #expect(sent - given.count == 16 * 9 * 188)
  }

  @Test func aUnitThatNeverEndsIsNotHeldBackForEver() {
    var (gate, sent, given) = (TransportGate(), 0, [UInt8]())
    var sample = TransportSample(units: 0)
    sample.add(300, isStart: true, head: [0, 0, 1, 0xC0, 0xFF, 0xFF, 0x80, 0, 0])
    gate.pass(Datagram(sample.bytes), into: &given)
    let empty: [UInt8] = [0x47, 1, 44, 0x20, 183] + [UInt8](repeating: 0, count: 183)
    for _ in 0..<1000 {
      gate.pass(Datagram(empty), into: &given)
      sent += 188
    }
    #expect(sent + 188 - given.count < 1 << 18)
    #expect(given.count > 1 << 17)
  }
}
