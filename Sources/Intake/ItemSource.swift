package import Decode
package import Media
package import System
import Timeline

/// The left of the seam as one: reads, decodes and times a source, and gives plain bounded Items.
/// It is told once what is wanted (`SourceOrder`) and nothing reaches it afterwards.
package final class ItemSource {
  package let info: SourceInfo
  private let reader: SlotReader
  private var timekeeper: Timekeeper
  private var maker: ItemMaker
  private var order: [Slot: PacketOrder] = [:]
  private var held = HeldPackets()
  /// Picture tracks that are still before the wanted part.
  private var forward: [Slot: FastForward] = [:]
  private var counters = Counters()
  private var breakOff: String?
  /// Nil for what is not live.
  private var live: LiveSide?
  private var fault: SourceFault?
  /// RTP: whether only the sender's reports put its tracks on one clock, and whether they have.
  private let needsReports: Bool
  private var isLocked = true
  private var isOpened = false
  private var isFinished = false

  /// - Parameter clock: for live sources.
  /// - Throws: `SourceError`.
  package init(
    _ order: SourceOrder, clock: HostClock = .system, interruption: Interruption
  ) throws(SourceError) {
    let sidecar = try order.subtitles.map { path throws(SourceError) in
      try Sidecar.read(path, interruption: interruption)
    }
    reader = try SlotReader(
      order.name, order.selection, threads: order.threads, live: order.request.live, clock: clock,
      interruption: interruption)
    let (source, request) = (reader.reader, order.request)
    info = SourceInfo(
      name: order.label, container: source.container, tracks: source.tracks, slots: reader.present.map(\.slot),
      declaredDuration: source.declaredDuration, creationTime: source.creationTime, isStreaming: source.isStreaming)
    needsReports = reader.present.contains { $0.timing.needsReports }
    timekeeper = Timekeeper(
      reader.present, pictureRate: request.pictureRate, stillLength: request.stillLength,
      jitterWait: source.isLive ? request.live.jitterWait : nil, continuation: request.continuation)
    if source.isLive { live = LiveSide(clock, request.live, isPaced: source.isPaced, info.slots) }
    maker = ItemMaker(request, sidecar, tracesFrames: order.tracesFrames)
    if !order.tracesFrames, request.start > Self.shortestForward {
      for slot in info.slots where slot.modality == .video { forward[slot] = FastForward(until: request.start) }
    }
    for refusal in source.refusals { counters.add("refused: \(refusal)") }
  }

  /// The next items, in order, from `.opened` to `.ended`; nil after that. None where a live packet gave none.
  /// - Throws: `SourceError.interrupted`.
  package func next() throws(SourceError) -> [Item]? {
    if isFinished { return nil }
    guard isOpened else {
      isOpened = true
      return [.mark(.opened(info))]
    }
    live?.enter()
    defer { live?.leave() }
    var items: [Item] = []
    while items.count < (info.isStreaming ? 1 : Self.chunk) {  // a slow pipe keeps nothing back
      let packet: Packet, slot: Slot
      switch try nextPacket() {
      case .packet(let next, let its): (packet, slot) = (next, its)
      case .none(.over) where held.isEmpty: return items + finish()
      case .none(let reason):
        items += maker.items(timekeeper.stopWaiting(reason))
        continue
      }
      items += maker.items(process(packet, slot))
      items += watch(packet, slot)
      if fault != nil { return items + finish() }
      if live != nil || items.contains(where: \.isPicture) { break }  // large: hand it on at once
    }
    return items
  }

  /// What has been counted so far.
  package var accounts: Counters {
    var all = counters
    let parts = [timekeeper.counters, reader.counters, reader.reader.losses, maker.counters]
    for other in parts + [live?.counters ?? Counters()] { all.add(other) }
    return all
  }

  /// The frames that were decoded since the last call; none unless the source was opened to trace them.
  package func takeFrames() -> [FrameTrace] { maker.takeFrames() }

  /// Items in one hand-over: enough that queues cost nothing, few enough to bound what is under way.
  private static let chunk = 32
  /// Less than this is decoded as quickly as it is skipped.
  private static let shortestForward = TimeSpan(seconds: 2)

  // MARK: Packets

  private enum Turn {
    case packet(Packet, Slot)
    /// None that may be decoded, and why no more are read.
    case none(Timekeeper.Impatience)
  }

  /// The next packet that may be decoded. Packets of a track that waits for the others are held back, compressed.
  private func nextPacket() throws(SourceError) -> Turn {
    while true {
      if let (packet, slot) = held.take(where: { !timekeeper.isWaiting($0) }) { return .packet(packet, slot) }
      if held.isFull { return .none(.full) }
      if live?.isTiredOfHolding(!held.isEmpty) ?? false { return .none(.tired) }
      guard let (packet, slot) = try read() else { return .none(.over) }
      if let isDecodable = live?.isDecodable(packet, slot), !isDecodable {
        counters.add("\(slot.name)_packets_before_key")
        continue
      }
      straighten(packet, slot)
      guard timekeeper.isWaiting(slot) else { return .packet(packet, slot) }
      held.add(packet, slot)
    }
  }

  private func read() throws(SourceError) -> (Packet, Slot)? {
    guard breakOff == nil else { return nil }
    let before = live?.waited ?? .zero
    do throws(FFmpegError) {
      guard live != nil else { return try reader.next() }
      return try live!.waiting { [reader] () throws(FFmpegError) in try reader.next() }
    } catch {
      if error.isInterruption { throw .interrupted }
      breakOff = error.reason
      if let live, error.isTimeout || live.isSilence(since: before) { give(up: .silent) }
      if live == nil, reader.reader.isInputBroken { give(up: .input, error.reason) }
      return nil
    }
  }

  private func give(up fault: SourceFault, _ words: String? = nil) {
    self.fault = fault
    breakOff = words ?? fault.reason
    counters.add(fault.rawValue)
  }

  /// Live: late windows close, the clocks are told, and what looks dead is given up.
  private func watch(_ packet: Packet, _ slot: Slot) -> [Item] {
    guard live != nil else { return [] }
    var items = maker.items(timekeeper.passTime(live!.waited))
    let time = packet.pts.flatMap { timekeeper.sourceTime(slot, $0) }
    if let time, let mark = live!.mark(timekeeper.epoch(around: time)) { items.append(mark) }
    if let fault = reader.hasLostTrack ? .format : live!.fault { give(up: fault) }
    return items
  }

  private func straighten(_ packet: Packet, _ slot: Slot) {
    if packet.isCorrupt { counters.add("\(slot.name)_corrupt_packets") }
    let stamp = packet.pts.flatMap { pts in reader.timeBase(packet).map { TimeSpan(ticks: pts, $0) } }
    if needsReports, let isLocked = live?.isReported(packet, slot, at: stamp, among: info.slots),
      isLocked != self.isLocked
    {
      self.isLocked = isLocked
      timekeeper.setLocked(isLocked)
      live?.forgetStamps()
      order = [:]
    }
    (packet.pts, packet.dts) = timekeeper.unwrap(slot, pts: packet.pts, dts: packet.dts)
    if let pts = packet.pts { packet.isDoubtful = order[slot, default: PacketOrder()].add(pts) }
    guard live != nil, !packet.isDoubtful, !timekeeper.isAstray(slot),
      let time = packet.pts.flatMap({ timekeeper.sourceTime(slot, $0) })
    else {
      return
    }
    live!.arrive(packet, slot, at: time, isLocked: isLocked)
    if let offset = live!.arrivalOffset { timekeeper.noteWall(offset) }
  }

  private func process(_ packet: Packet, _ slot: Slot) -> [Timed] {
    guard var forward = forward[slot], !forward.isOver else { return decode(packet, slot) }
    let order = forward.take(packet, at: packet.pts.flatMap { timekeeper.position(slot, $0) })
    self.forward[slot] = forward
    switch order {
    case .decode(let packets): return packets.flatMap { decode($0, slot) }
    case .pass(let packets): return pass(packets, slot)
    }
  }

  private func decode(_ packet: Packet, _ slot: Slot) -> [Timed] {
    if let dts = packet.dts { timekeeper.noteDecodeStamp(slot, dts) }
    var decoded = reader.decode(packet, slot, passOver: canPassOver(packet, slot))
    // Of several frames in one damaged packet of the container, only the first has a stamp.
    if packet.isCorrupt { for n in decoded.sounds.indices { decoded.sounds[n].isCorrupt = true } }
    let replaced = reader.takeDrained().flatMap { time($1, $0) }
    return replaced + time(decoded, slot)
  }

  /// Tells the clock of pictures that nobody will look at.
  private func pass(_ packets: [Packet], _ slot: Slot) -> [Timed] {
    let before = time(reader.drain(slot), slot)
    return packets.sorted { $0.pts ?? .min < $1.pts ?? .min }.reduce(into: before) { timed, packet in
      timed += timekeeper.accept(DecodedPicture(pts: packet.pts, duration: packet.duration, image: nil), slot)
    }
  }

  /// A picture that no instant of the grid falls on need not be decoded, if no other needs it. Its time on
  /// screen ends at the latest when the next stamp already seen begins.
  private func canPassOver(_ packet: Packet, _ slot: Slot) -> Bool {
    guard maker.frames == nil, slot.modality == .video, !packet.isCorrupt, !packet.isDoubtful,
      reader.canPassOver(packet),
      let pts = packet.pts, let next = order[slot]?.next(after: pts)
    else { return false }
    return !timekeeper.needsPicture(slot, from: pts, until: next)
  }

  private func time(_ decoded: Decoded, _ slot: Slot) -> [Timed] {
    var timed: [Timed] = []
    noteProgress(decoded, slot)
    for sound in decoded.sounds { timed += timekeeper.accept(sound, slot) }
    for picture in decoded.pictures { timed += timekeeper.accept(picture, slot) }
    for cue in decoded.cues { timed += timekeeper.accept(cue, slot) }
    return timed
  }

  private func noteProgress(_ decoded: Decoded, _ slot: Slot) {
    guard live != nil else { return }
    for pts in decoded.sounds.map(\.pts) + decoded.pictures.map(\.pts) {
      live!.decoded(slot, stamp: pts.flatMap { timekeeper.sourceTime(slot, $0) })
    }
  }

  // MARK: The end

  private func finish() -> [Item] {
    isFinished = true
    var items: [Item] = []
    for slot in info.slots where slot.modality != .text {
      let held = forward[slot]?.finish() ?? []
      items += maker.items(held.flatMap { decode($0, slot) })
      items += maker.items(time(reader.drain(slot), slot))
      items += maker.items(timekeeper.end(slot))
    }
    items += maker.items(timekeeper.finish())
    reader.finish()
    items.append(.mark(.ended(SourceOutcome(name: info.name, ending: ending, counters: accounts, fault: fault))))
    return items
  }

  private var ending: SourceOutcome.Ending {
    if let fault, !maker.hasOpenedEpoch {
      return .failed(breakOff ?? fault.reason, exitCode: fault == .input ? 74 : 69)
    }
    let failures = info.slots.reduce(0) { $0 + counters["\($1.name)_decode_errors"] }
    if !maker.hasOpenedEpoch, breakOff != nil || failures > 0 {
      return .failed("nothing in it could be decoded (\(breakOff ?? "\(failures) damaged packets"))", exitCode: 65)
    }
    if let breakOff { return .truncated(breakOff) }
    if failures > 0 { return .truncated("\(failures) packets could not be decoded") }
    if let missing { return .truncated("it ends \(missing.nanoseconds / 1_000_000) ms before its header says") }
    return .complete
  }

  /// How much of a source that we read whole is not there, by its header.
  private var missing: TimeSpan? {
    func heard(_ modality: Modality) -> Bool {
      info.tracks.count { $0.modality == modality } <= info.slots.count { $0.modality == modality }
    }
    guard heard(.audio), heard(.video), maker.hasOpenedEpoch, let declared = info.declaredDuration else { return nil }
    let missing = declared - maker.end
    return missing > TimeSpan(milliseconds: 500) ? missing : nil
  }
}

extension Item {
  fileprivate var isPicture: Bool { if case .picture = self { true } else { false } }
}
