import Glibc
package import Media
package import System

/// The left end of the seam, inside the worker: takes orders, gives items. For one thread; another one listens, so
/// that the worker ends when the other end does, whatever it is computing then.
package final class WorkerEnd {
  /// The descriptors under which a worker finds its socket and its memory.
  static let socketNumber: Int32 = 3
  static let memoryNumber: Int32 = 4
  /// Samples in one message.
  private static let sampleLimit = 1 << 18
  /// Items in one message.
  static let itemLimit = 4096

  private let socket: MessageSocket
  private let memory: SharedMemory
  private let inbox: Inbox
  private var arena = PictureArena()
  /// The image that each slot showed last, kept alive so that its storage cannot become another's.
  private var shown: [Slot: RGBImage] = [:]
  private var items: [WireItem] = []
  private var samples = 0
  /// When something was last said, and when accounts were last given.
  private var spoke = monotonicTime()
  private var accounted = monotonicTime()

  /// What is wanted of a worker.
  package enum Task: Sendable {
    case read(SourceOrder, Interruption)
    case draw(RGBImage, PictureFormat)
  }

  /// Takes over the descriptors that the process was started with, and says hello.
  package convenience init(_ hello: Hello) throws(Errno) {
    try self.init(
      Descriptor(owning: Self.socketNumber), SharedMemory(adopting: Self.memoryNumber), hello, leave: { _exit(0) })
  }

  /// leave: called on the listening thread when the other end has gone.
  init(
    _ descriptor: consuming Descriptor, _ memory: SharedMemory, _ hello: Hello, leave: @escaping @Sendable () -> Void
  ) throws(Errno) {
    let ear = try Descriptor.duplicate(descriptor.number)
    socket = MessageSocket(descriptor)
    self.memory = memory
    inbox = try Inbox()
    try inbox.listen(ear, leave: leave)
    _ = socket.send(FromWorker.hello(hello))
  }

  /// The next task; waits for it.
  package func next() -> Task {
    while true {
      if let demand = inbox.takeDemand() {
        (arena, shown) = (PictureArena(), [:])
        inbox.forgetReleases()
        switch demand {
        case .order(let order, let interruption): return .read(order, interruption)
        case .draw(let format, let width, let height):
          let pixels = memory.bytes(at: 0, count: 3 * width * height)
          return .draw(RGBImage(width: width, height: height, pixels: pixels), format)
        }
      }
      inbox.wait()
    }
  }

  /// How long one works without a word.
  private static let quiet = Duration.milliseconds(100)

  /// Gives items in their order; waits while the other end is slow. No items say, now and then, that there is work
  /// and no result yet.
  package func give(_ items: [Item]) {
    for item in items {
      switch item {
      case .sound(let run):
        for piece in run.pieces(of: Self.sampleLimit) {
          if samples + piece.samples.count > Self.sampleLimit { flush() }
          samples += piece.samples.count
          self.items.append(.sound(piece))
        }
      case .picture(let picture): self.items.append(.picture(place(picture)))
      case .mark(let mark): self.items.append(.mark(mark))
      }
      if self.items.count >= Self.itemLimit { flush() }
    }
    flush()
    if items.isEmpty, monotonicTime() - spoke > Self.quiet { send(.items([])) }
  }

  package func give(_ frames: [FrameTrace]) { if !frames.isEmpty { send(.frames(frames)) } }

  /// Gives accounts, now and then.
  package func give(_ accounts: () -> Counters) {
    guard monotonicTime() - accounted > .seconds(1) else { return }
    accounted = monotonicTime()
    send(.accounts(accounts()))
  }

  package func end() { send(.over) }

  package func fail(_ error: SourceError) { send(.failed(error)) }

  /// - Parameter file: the picture as a file.
  package func give(file: [UInt8]) {
    guard file.count <= memory.size else { return fail(.undecodable("its file has \(file.count) bytes")) }
    memory.write(file, at: 0)
    send(.drawn(file.count))
  }

  private func flush() {
    if !items.isEmpty { send(.items(items)) }
    (items, samples) = ([], 0)
  }

  /// Where nobody takes it any more, the listening thread is about to end us.
  private func send(_ message: FromWorker) {
    _ = socket.send(message)
    spoke = monotonicTime()
  }

  private func place(_ picture: Picture) -> PlacedPicture {
    let image = picture.image
    var placed = PlacedPicture(
      slot: picture.slot, epoch: picture.epoch, instant: picture.instant, valid: picture.valid, width: image.width,
      height: image.height)
    if !(shown[picture.slot]?.isSameStorage(as: image) ?? false) {
      let place = takePlace(image.pixels.count)
      memory.write(image.pixels, at: place)
      placed.place = place
      shown[picture.slot] = image
    }
    return placed
  }

  private func takePlace(_ count: Int) -> Int {
    while true {
      for place in inbox.takeReleases() { arena.release(place) }
      if let place = arena.take(count) { return place }
      flush()  // what frees places may depend on what we hold
      inbox.wait()
    }
  }
}

extension AudioRun {
  fileprivate func pieces(of length: Int) -> [AudioRun] {
    guard samples.count > length else { return [self] }
    return stride(from: 0, to: samples.count, by: length).map { start in
      AudioRun(
        slot: slot, epoch: epoch, firstSample: firstSample + Int64(start), rate: rate,
        samples: Array(samples[start..<min(start + length, samples.count)]))
    }
  }
}
