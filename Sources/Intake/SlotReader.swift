import Decode
import Media
import System

/// A source's packets and their decoding, by slot. When a codec changes inside a track and the container does not
/// say so, every packet behind the change fails: after a second of that the source is opened anew where it began.
final class SlotReader {
  private let name: String
  private let selection: TrackSelection
  private let threads: Int
  private let live: LiveOptions
  private let clock: HostClock
  private let interruption: Interruption
  private(set) var reader: MediaReader
  /// The slot of each selected stream.
  private(set) var slots: [Int: Slot]
  /// The byte of the file at which `reader` began.
  private var base: Int64 = 0
  private var streaks: [Slot: FailureStreak] = [:]
  /// Live only: a track changed its codec, and there is no going back to where.
  private(set) var hasLostTrack = false
  private(set) var counters = Counters()
  /// What was still inside decoders that a new opening replaced.
  private var drained: [(Slot, Decoded)] = []

  /// Lost packets cost a live track the pictures up to the next key frame.
  private static let longestLiveStreak = TimeSpan(seconds: 5)

  /// Packets of one track that failed since one was last decoded.
  private struct FailureStreak {
    var count: Int64 = 0
    /// Byte of the file and stamp of the first.
    let position: Int64?
    let pts: Int64?
  }

  /// - Throws: `SourceError`, also when none of the tracks can be decoded.
  init(
    _ name: String, _ selection: TrackSelection, threads: Int, live: LiveOptions, clock: HostClock,
    interruption: Interruption
  ) throws(SourceError) {
    self.name = name
    self.selection = selection
    self.threads = threads
    self.live = live
    self.clock = clock
    self.interruption = interruption
    reader = try MediaReader.open(name, threads: threads, live: live, clock: clock, interruption: interruption)
    slots = try selection.slots(among: reader.tracks)
    if slots.isEmpty, !reader.refusals.isEmpty { throw .undecodable(reader.refusals.joined(separator: "; ")) }
    try reader.select(Array(slots.keys))
  }

  /// The selected tracks that the source has, in its order.
  var present: [(slot: Slot, timing: TrackTiming)] {
    slots.sorted { $0.key < $1.key }.map { ($0.value, reader.timings[$0.key]!) }
  }

  func timeBase(_ packet: Packet) -> Ratio? { reader.timings[packet.stream]?.timeBase }

  /// The next packet of a selected track, or nil at the end.
  func next() throws(FFmpegError) -> (packet: Packet, slot: Slot)? {
    while let packet = try reader.nextPacket() {
      if let slot = slots[packet.stream] { return (packet, slot) }
    }
    return nil
  }

  /// Decodes a packet; damage is counted.
  func decode(_ packet: Packet, _ slot: Slot, passOver: Bool) -> Decoded {
    let decoded = reader.decode(packet, passOver: passOver)
    if decoded.failures > 0 {
      lengthen(slot, decoded.failures, packet)
    } else if !decoded.isEmpty {
      endStreak(slot)
    }
    return decoded
  }

  /// What is still inside the decoder of a slot.
  func drain(_ slot: Slot) -> Decoded {
    guard let stream = slots.first(where: { $0.value == slot })?.key else { return Decoded() }
    let decoded = reader.drain(stream)
    counters.add("\(slot.name)_decode_errors", Int64(decoded.failures))
    return decoded
  }

  /// What came out of decoders that were replaced since the last call.
  func takeDrained() -> [(Slot, Decoded)] {
    defer { drained = [] }
    return drained
  }

  /// All packets that could not be decoded.
  func finish() { for slot in streaks.keys { endStreak(slot) } }

  func canPassOver(_ packet: Packet) -> Bool { reader.canPassOver(packet.stream) }

  private func endStreak(_ slot: Slot) {
    guard let streak = streaks.removeValue(forKey: slot) else { return }
    counters.add("\(slot.name)_decode_errors", streak.count)
  }

  private func lengthen(_ slot: Slot, _ failures: Int, _ packet: Packet) {
    let position = packet.position.map { $0 + base }
    var streak = streaks[slot] ?? FailureStreak(position: position, pts: packet.pts)
    streak.count += Int64(failures)
    streaks[slot] = streak
    guard let first = streak.pts, let last = packet.pts, let timing = reader.timings[packet.stream] else { return }
    let length = TimeSpan(ticks: last - first, timing.timeBase)
    if reader.isLive { hasLostTrack = hasLostTrack || length >= Self.longestLiveStreak }
    guard reader.canReopen, streak.position != nil, length >= TimeSpan(seconds: 1) else { return }
    reopen(at: streaks.values.compactMap(\.position).min()!)
  }

  /// Begins anew where the failures began; keeps the old reader when nothing better is there.
  private func reopen(at position: Int64) {
    guard position > base else { return }
    do throws(SourceError) {
      let fresh = try MediaReader.open(name, from: position, threads: threads, interruption: interruption)
      let chosen = try selection.slots(among: fresh.tracks)
      guard streaks.keys.contains(where: { codec($0, fresh, chosen) != codec($0, reader, slots) }) else {
        return dismissStreaks()
      }
      try fresh.select(Array(chosen.keys))
      drained += slots.values.sorted { $0.name < $1.name }.map { ($0, drain($0)) }
      (reader, slots, base, streaks) = (fresh, chosen, position, [:])
      counters.add("reopened")
    } catch { counters.add("reopen_failed") }
  }
}

extension SlotReader {
  /// The failures are damage, not a change: they count, and the next second is judged anew.
  private func dismissStreaks() { for slot in streaks.keys { endStreak(slot) } }

  private func codec(_ slot: Slot, _ reader: MediaReader, _ slots: [Int: Slot]) -> String? {
    let index = slots.first { $0.value == slot }?.key
    return reader.tracks.first { $0.index == index }?.codec
  }
}

extension Decoded {
  fileprivate var isEmpty: Bool { sounds.isEmpty && pictures.isEmpty && cues.isEmpty }
}
