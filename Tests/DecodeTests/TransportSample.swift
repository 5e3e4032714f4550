@testable import Decode

/// A transport stream of a few units of sound (PID 257) between pictures (PID 256), seven packets to a datagram.
struct TransportSample {
  static let sound = 257
  static let picture = 256

  private(set) var packets: [[UInt8]] = []
  private var counters: [Int: UInt8] = [:]
  private var content: UInt8 = 0

  /// - Parameters:
  ///   - opening: the first bytes of each unit of sound.
  ///   - length: its packets.
  init(units: Int, opening: [UInt8] = [0xFF, 0xE3], length: Int = 5, isEndless: Bool = false) {
    for _ in 0..<units {
      for n in 0..<9 { add(Self.picture, isStart: n == 0, head: n == 0 ? [0, 0, 1, 0xE0, 0, 0, 0x80, 0, 0] : []) }
      let said = isEndless ? 0 : length * 184 - 6
      let head = [0, 0, 1, 0xC0, UInt8(said >> 8), UInt8(said & 0xFF), 0x80, 0, 0] + opening
      for n in 0..<length { add(Self.sound, isStart: n == 0, head: n == 0 ? head : []) }
    }
  }

  mutating func add(_ pid: Int, isStart: Bool, head: [UInt8] = [], isDiscontinuity: Bool = false) {
    content = content &* 167 &+ 13
    let counter = isDiscontinuity ? 9 : counters[pid].map { ($0 + 1) & 0x0F } ?? 0
    counters[pid] = counter
    let control: UInt8 = isDiscontinuity ? 0x30 : 0x10
    var packet = [0x47, UInt8(pid >> 8) | (isStart ? 0x40 : 0), UInt8(pid & 0xFF), control | counter]
    if isDiscontinuity { packet += [1, 0x80] }
    packet += head
    packets.append(packet + [UInt8](repeating: content, count: 188 - packet.count))
  }

  var bytes: [UInt8] { packets.flatMap { $0 } }

  var datagrams: [[UInt8]] {
    stride(from: 0, to: packets.count, by: 7).map { packets[$0..<min($0 + 7, packets.count)].flatMap { $0 } }
  }

  /// The same behind headers of RTP.
  func rtp(from first: UInt16, sender: UInt8 = 1) -> [[UInt8]] {
    datagrams.enumerated().map { n, bytes in
      let sequence = first &+ UInt16(n)
      return [0x80, 33, UInt8(sequence >> 8), UInt8(sequence & 0xFF), 0, 0, 0, 0, 0, 0, 0, sender] + bytes
    }
  }

  /// The bytes of those units of sound, counted from 0, and of all pictures, each PID by itself.
  func kept(_ units: some Sequence<Int>) -> [[UInt8]] {
    let sounds = packets.filter { pid($0) == Self.sound }
    let pictures = packets.filter { pid($0) == Self.picture }
    return [units.flatMap { sounds[5 * $0..<5 * $0 + 5].flatMap { $0 } }, pictures.flatMap { $0 }]
  }
}

func pid(_ packet: some Collection<UInt8>) -> Int {
  let head = Array(packet.prefix(3))
  return Int(head[1] & 0x1F) << 8 | Int(head[2])
}

func packets(_ bytes: [UInt8]) -> [[UInt8]] {
  stride(from: 0, to: bytes.count, by: 188).map { Array(bytes[$0..<min($0 + 188, bytes.count)]) }
}
