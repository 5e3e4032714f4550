package import Decode
package import Media
import Timeline

/// The left of the seam as one: reads, decodes and times a source, and gives plain bounded Items.
/// It is told once what is wanted (`SourceRequest`, `TrackSelection`) and nothing reaches it afterwards.
package final class ItemSource {
  package let info: SourceInfo
  private let reader: SlotReader
  private var timekeeper: Timekeeper<PictureFrame>
  private let request: SourceRequest
  private var order: [Slot: PacketOrder] = [:]
  private var held = HeldPackets()
  private var resampling: [Slot: RunResampler] = [:]
  private let pictures = PictureConverter()
  private var counters = Counters()
  private var hasOpenedEpoch = false
  private var breakOff: String?
  private var frames: [FrameTrace]?
  private var isOpened = false
  private var isFinished = false

  /// - Parameters:
  ///   - name: a path, `-` or a URL.
  ///   - label: the name that its records carry.
  ///   - tracesFrames: decode every frame and keep what `takeFrames` tells.
  /// - Throws: `SourceError`.
  package static func open(
    _ name: String, label: String, _ selection: TrackSelection, _ request: SourceRequest, threads: Int,
    tracesFrames: Bool = false, interruption: Interruption
  ) throws(SourceError) -> ItemSource {
    let reader = try SlotReader(name, selection, threads: threads, interruption: interruption)
    let source = reader.reader
    let info = SourceInfo(
      name: label, container: source.container, tracks: source.tracks, slots: reader.present.map(\.slot),
      declaredDuration: source.declaredDuration, creationTime: source.creationTime, isStreaming: source.isStreaming)
    return ItemSource(info, reader, request, tracesFrames ? [] : nil)
  }

  private init(_ info: SourceInfo, _ reader: SlotReader, _ request: SourceRequest, _ frames: [FrameTrace]?) {
    self.info = info
    self.reader = reader
    self.request = request
    self.frames = frames
    timekeeper = Timekeeper(
      reader.present, pictureRate: request.pictureRate, stillLength: request.stillLength)
    for refusal in reader.reader.refusals { counters.add("refused: \(refusal)") }
  }

  /// The next items, in order, from `.opened` to `.ended`; nil after that.
  /// - Throws: `SourceError.interrupted`.
  package func next() throws(SourceError) -> [Item]? {
    if isFinished { return nil }
    guard isOpened else {
      isOpened = true
      return [.mark(.opened(info))]
    }
    var items: [Item] = []
    while items.count < Self.chunk {
      guard let (packet, slot) = try nextPacket() else {
        if held.isEmpty {
          items += finish()
          break
        }
        items += convert(timekeeper.stopWaiting())  // for a track that stays silent
        continue
      }
      items += convert(process(packet, slot))
      if items.contains(where: \.isPicture) { break }  // large: hand it on at once
    }
    return items
  }

  /// The frames that were decoded since the last call; none unless the source was opened to trace them.
  package func takeFrames() -> [FrameTrace] {
    defer { if frames != nil { frames = [] } }
    return frames ?? []
  }

  /// Items in one hand-over: enough that queues cost nothing, few enough to bound what is under way.
  private static let chunk = 32

  // MARK: Packets

  /// The next packet that may be decoded; nil at the end of the source, or when too much is held back.
  /// Packets of a track that waits for the others are held back, compressed.
  private func nextPacket() throws(SourceError) -> (Packet, Slot)? {
    while true {
      if let packet = held.take(where: { !timekeeper.isWaiting($0) }) { return packet }
      guard !held.isFull, let (packet, slot) = try read() else { return nil }
      straighten(packet, slot)
      guard timekeeper.isWaiting(slot) else { return (packet, slot) }
      held.add(packet, slot)
    }
  }

  private func read() throws(SourceError) -> (Packet, Slot)? {
    guard breakOff == nil else { return nil }
    do throws(FFmpegError) {
      return try reader.next()
    } catch {
      if error.isInterruption { throw .interrupted }
      breakOff = error.reason
      return nil
    }
  }

  private func straighten(_ packet: Packet, _ slot: Slot) {
    if packet.isCorrupt { counters.add("\(slot.name)_corrupt_packets") }
    if let dts = packet.dts { packet.dts = timekeeper.unwrap(slot, dts) }
    if let pts = packet.pts {
      packet.pts = timekeeper.unwrap(slot, pts)
      order[slot, default: PacketOrder()].add(packet.pts!)
    }
  }

  private func process(_ packet: Packet, _ slot: Slot) -> [Timed<PictureFrame>] {
    if let dts = packet.dts { timekeeper.noteDecodeStamp(slot, dts) }
    let passOver = canPassOver(packet, slot)
    let decoded = reader.decode(packet, slot, passOver: passOver)
    let replaced = reader.takeDrained().flatMap { time($1, $0) }
    return replaced + time(decoded, slot)
  }

  /// A picture that no instant of the grid falls on need not be decoded, if no other needs it. Its time on
  /// screen ends at the latest when the next stamp already seen begins.
  private func canPassOver(_ packet: Packet, _ slot: Slot) -> Bool {
    guard frames == nil, slot.modality == .video, !packet.isCorrupt, reader.canPassOver(packet),
      let pts = packet.pts,
      let next = order[slot]?.next(after: pts)
    else { return false }
    return !timekeeper.needsPicture(slot, from: pts, until: next)
  }

  private func time(_ decoded: Decoded, _ slot: Slot) -> [Timed<PictureFrame>] {
    var timed: [Timed<PictureFrame>] = []
    for sound in decoded.sounds { timed += timekeeper.accept(sound, slot) }
    for picture in decoded.pictures { timed += timekeeper.accept(picture, slot) }
    for cue in decoded.cues { timed += timekeeper.accept(cue, slot) }
    return timed
  }

  private func finish() -> [Item] {
    isFinished = true
    var items: [Item] = []
    for slot in info.slots where slot.modality != .text {
      items += convert(time(reader.drain(slot), slot))
      items += convert(timekeeper.end(slot))
    }
    reader.finish()
    items += convert(timekeeper.finish())
    counters.add(timekeeper.counters)
    counters.add(reader.counters)
    items.append(.mark(.ended(SourceOutcome(name: info.name, ending: ending, counters: counters))))
    return items
  }

  private var ending: SourceOutcome.Ending {
    let failures = info.slots.reduce(0) { $0 + counters["\($1.name)_decode_errors"] }
    if !hasOpenedEpoch, breakOff != nil || failures > 0 {
      return .failed("nothing in it could be decoded (\(breakOff ?? "\(failures) damaged packets"))", exitCode: 65)
    }
    if let breakOff { return .truncated(breakOff) }
    return failures > 0 ? .truncated("\(failures) packets could not be decoded") : .complete
  }

  // MARK: Items

  private func convert(_ timed: [Timed<PictureFrame>]) -> [Item] {
    var items: [Item] = []
    for content in timed {
      switch content {
      case .sound(let sound): items += resample(sound)
      case .picture(let picture): items += render(picture)
      case .mark(let mark): items += pass(mark)
      }
    }
    return items
  }

  private func resample(_ sound: TimedSound) -> [Item] {
    do throws(FFmpegError) {
      return try resampling[sound.slot, default: RunResampler(to: request.sampleRate)].accept(sound).map(Item.sound)
    } catch {
      counters.add("\(sound.slot.name)_samples_failed", Int64(sound.samples.count))
      return []
    }
  }

  /// The picture in RGB, converted once for all its instants.
  private func render(_ picture: TimedPicture<PictureFrame>) -> [Item] {
    trace(picture)
    guard !picture.instants.isEmpty else { return [] }
    do throws(FFmpegError) {
      guard let image = try picture.image?.rgb(pictures) else {
        counters.add("\(picture.slot.name)_pictures_missing", Int64(picture.instants.count))
        return []
      }
      return picture.instants.map {
        .picture(
          Picture(slot: picture.slot, epoch: picture.epoch, instant: $0.instant, valid: $0.valid, image: image))
      }
    } catch {
      counters.add("\(picture.slot.name)_pictures_failed", Int64(picture.instants.count))
      return []
    }
  }

  private func trace(_ picture: TimedPicture<PictureFrame>) {
    guard frames != nil, let image = picture.image else { return }
    do throws(FFmpegError) {
      frames!.append(
        FrameTrace(
          slot: picture.slot, epoch: picture.epoch, interval: picture.interval, pts: picture.pts, isKey: image.isKey,
          width: image.width, height: image.height, luma: try image.meanLuma(pictures)))
    } catch { counters.add("\(picture.slot.name)_pictures_failed") }
  }

  /// Marks keep their place behind the sound that is still in a resampler.
  private func pass(_ mark: Mark) -> [Item] {
    switch mark {
    case .epoch:
      hasOpenedEpoch = true
      return [.mark(mark)]
    case .reached(let slot, let instant):
      guard let run = resampling[slot] else { return [.mark(mark)] }
      if instant == .end { return flush(slot) + [.mark(mark)] }
      return [.mark(.reached(slot, min(instant, run.position ?? instant)))]
    case .closed:
      return resampling.keys.sorted { $0.number < $1.number }.flatMap { flush($0) } + [.mark(mark)]
    default: return [.mark(mark)]
    }
  }

  private func flush(_ slot: Slot) -> [Item] {
    do throws(FFmpegError) {
      return try resampling[slot]!.finish().map(Item.sound)
    } catch {
      counters.add("\(slot.name)_samples_failed")
      return []
    }
  }
}

/// One decoded frame as `inspect --frames` lists it.
package struct FrameTrace: Sendable {
  package var slot: Slot
  package var epoch: Int32
  package var interval: Interval
  package var pts: Int64?
  package var isKey: Bool
  /// As coded.
  package var width: Int
  package var height: Int
  /// The mean of Y at full range, 0…255.
  package var luma: Double
}

extension Item {
  fileprivate var isPicture: Bool { if case .picture = self { true } else { false } }
}
