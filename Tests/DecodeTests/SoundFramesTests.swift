import Media
import Testing

@testable import Decode

@Suite struct SoundFramesTests {
  /// Frames of ADTS of these lengths.
  private func content(_ lengths: [Int]) -> [UInt8] {
    lengths.flatMap { length in
      let word = UInt8(length >> 3 & 0xFF)
      let head = [0xFF, 0xF1, 0x50, 0x80 | UInt8(length >> 11), word, UInt8(length & 7) << 5 | 0x1F, 0xFC]
      return head + [UInt8](repeating: 0x55, count: length - 7)
    }
  }

  /// Packets of a unit of sound; the last one is filled up, so that all are full but it.
  private func unit(_ content: [UInt8], from counter: UInt8 = 0) -> [[UInt8]] {
    let length = content.count + 3
    let bytes = [0, 0, 1, 0xC0, UInt8(length >> 8), UInt8(length & 0xFF), 0x80, 0, 0] + content
    return stride(from: 0, to: bytes.count, by: 184).enumerated().map { n, at in
      let payload = bytes[at..<min(at + 184, bytes.count)]
      let filling = 184 - payload.count
      let field: [UInt8] = filling > 1 ? [UInt8(filling - 1), 0] : filling > 0 ? [0] : []
      let control: UInt8 = filling > 0 ? 0x30 : 0x10
      return [0x47, n == 0 ? 0x41 : 1, 1, control | (counter &+ UInt8(n)) & 0x0F]
        + field + [UInt8](repeating: 0xFF, count: max(0, filling - 2)) + payload
    }
  }

  /// What a demuxer makes of packets: the bytes behind the PES header, and the length that it says.
  private func read(_ bytes: [UInt8]) -> (content: [UInt8], length: Int) {
    let payload = packets(bytes).flatMap { Array(TransportPacket($0, at: 0).payload) }
    return (Array(payload.dropFirst(9)), Int(payload[4]) << 8 | Int(payload[5]))
  }

  private let lengths = [300, 341, 200, 412, 97, 300, 310]

  @Test(arguments: 2..<10) func whatIsWholeBeforeAGapGoesOn(_ missing: Int) throws {
    let sent = unit(content(lengths))
    var (gate, output, counters) = (TransportGate(), [UInt8](), [UInt8]())
    for packet in sent[..<missing] + sent[(missing + 1)...] { gate.pass(Datagram(packet), into: &output) }
    for packet in unit(content([50]), from: UInt8(sent.count)) { gate.pass(Datagram(packet), into: &counters) }
    let (kept, length) = read(output)
    let there = 184 * missing - 9
    let whole = lengths.indices.map { lengths[...$0].reduce(0, +) }.last { $0 <= there } ?? 0
    #expect(kept == Array(content(lengths)[..<whole]))
    #expect(length == (whole > 0 ? whole + 3 : length))
    #expect(output.count.isMultiple(of: 188))
    #expect(packets(output).enumerated().allSatisfy { $0.element[3] & 0x0F == UInt8($0.offset) })
    #expect(counters == unit(content([50]), from: UInt8(sent.count)).flatMap { $0 })
    #expect(gate.counters["pes_packets_incomplete"] == 1)
  }

  @Test func aUnitIsAsLongAsItSaysHoweverItsLastPacketIsFilled() {
    for last in 8..<380 {
      let whole = content([200, last])
      let frames = SoundFrames(unit(whole + content([300]).prefix(100)).flatMap { $0 })
      #expect(frames?.isBroken == false)
      #expect(frames.map { read($0.packets).content } == whole)
      #expect(frames.map { read($0.packets).length } == whole.count + 3)
    }
  }

  @Test func sixteenMissingPacketsAreSeenByTheFramesAlone() {
    let long = [Int](repeating: 299, count: 20)
    let sent = unit(content(long))
    var (gate, output) = (TransportGate(), [UInt8]())
    gate.pass(Datagram(sent[0]), into: &output)
    gate.pass(Datagram(sent[1]), into: &output)
    gate.noteGap()
    for packet in sent[18...] + unit(content(long), from: UInt8(sent.count)) {
      gate.pass(Datagram(packet), into: &output)
    }
    #expect(read(output).length == 299 + 3)
    #expect(gate.counters["pes_packets_incomplete"] == 1)
  }

  @Test func anotherKindOfSoundHasNoFramesThatAreKnown() {
    #expect(SoundFrames([]) == nil)
    #expect(SoundFrames(unit([0xFF, 0xE3] + [UInt8](repeating: 0, count: 300)).flatMap { $0 }) == nil)
    #expect(SoundFrames(unit([]).flatMap { $0 }) == nil)
  }
}
