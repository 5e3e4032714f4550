import Glibc
import Media
import Synchronization
import System

/// A worker process as the right end of the seam sees it: what it says, and that it may fall silent or die at any
/// moment. What it says is checked, never believed.
final class DecodeWorker: Sendable {
  /// How long a worker may take to say hello, to take what it is told, and to give up an order.
  private static let patience: Int32 = 5000

  /// What is between the service manager and us.
  private static let withheld: Set<String> = [
    "CREDENTIALS_DIRECTORY", "LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET", "WATCHDOG_PID",
    "WATCHDOG_USEC",
  ]

  let hello: Hello
  private let child: ChildProcess
  private let memory: SharedMemory
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var socket: MessageSocket
    /// The number of the order that came last.
    var number: Int64 = 0
    /// The image that each slot showed last.
    var shown: [Slot: RGBImage] = [:]
  }

  /// What one look brought.
  enum News {
    case items([Item])
    case frames([FrameTrace])
    case over
    case failed(SourceError)
    case drawn([UInt8])
    case accounts(Counters)
    case nothing
    /// It will never say anything again; the reason in words that follow "its decoder".
    case gone(String)
  }

  /// Starts the program and waits for its hello.
  /// - Throws: `SourceError.unavailable`.
  init(_ program: String, version: String, memoryLimit: Int?) throws(SourceError) {
    do throws(Errno) {
      let sockets = try SocketPair()
      memory = try SharedMemory(size: PictureArena.size)
      child = try ChildProcess(
        [program],
        .init(
          descriptors: [
            // What a library prints must not come between records.
            (STDERR_FILENO, STDOUT_FILENO), (sockets.theirs.number, WorkerEnd.socketNumber),
            (memory.number, WorkerEnd.memoryNumber),
          ], leadsGroup: false, withheld: Self.withheld))
      if let memoryLimit { try child.limitMemory(to: memoryLimit) }
      state = Mutex(State(socket: MessageSocket(sockets.keepOurs())))
    } catch { throw .unavailable("\(program): \(error)") }
    let first = state.withLock { try? $0.socket.receive(milliseconds: Self.patience) }
    guard case .message(let bytes) = first, case .hello(let said) = try? FromWorker(message: bytes) else {
      child.kill()
      throw .unavailable("\(program) is no decoder of tandem's")
    }
    guard said.version == version else {
      child.kill()
      throw .unavailable("\(program) is of version \(said.version), this is \(version)")
    }
    hello = said
  }

  /// Gives it a new order.
  /// - Returns: the order's number, for `cancel`.
  func order(_ order: SourceOrder) -> Int64 {
    state.withLock { state in
      state.number += 1
      state.shown = [:]
      tell(.order(state.number, order), state.socket)
      return state.number
    }
  }

  func cancel(_ number: Int64) { state.withLock { tell(.cancel(number), $0.socket) } }

  /// Between orders: the picture becomes a file.
  /// - Throws: `SourceError.undecodable`.
  func draw(_ image: RGBImage, as format: PictureFormat) throws(SourceError) -> [UInt8] {
    memory.write(image.pixels, at: 0)
    state.withLock { tell(.draw(format, width: image.width, height: image.height), $0.socket) }
    switch look(milliseconds: Self.patience) {
    case .drawn(let file): return file
    case .failed(let error): throw error
    case .gone(let reason): throw .undecodable("its decoder \(reason)")
    case .nothing:
      child.kill()
      throw .undecodable("its decoder did not draw it")
    default:
      child.kill()
      throw .undecodable("its decoder answered something else")
    }
  }

  /// What it says next, waiting for it so long.
  func look(milliseconds: Int32) -> News {
    state.withLock { state in
      do throws(WireError) {
        switch try state.socket.receive(milliseconds: milliseconds) {
        case .nothing: return .nothing
        case .message(let bytes): return try news(try FromWorker(message: bytes), &state)
        case .end: return .gone(ending)
        }
      } catch {
        child.kill()
        return .gone("said something \(error)")
      }
    }
  }

  func kill() { child.kill() }

  /// Something ended it.
  var hasEnded: Bool { child.hasEnded }

  /// Whether it stands still until a signal lets it go on.
  var isStopped: Bool { child.isStopped }

  /// Processor time that it has used.
  var processorTime: Duration? { child.processorTime }

  /// What it holds in memory now; nil once it has ended.
  var residentBytes: Int? { child.residentBytes.flatMap { $0 > 0 ? $0 : nil } }

  /// Its socket closes a moment before it has ended.
  private var ending: String {
    for _ in 0..<2000 where !child.hasEnded { usleep(1000) }
    defer { child.kill() }
    return child.ending.map { "\($0)" } ?? "closed its socket"
  }

  private func news(_ message: FromWorker, _ state: inout State) throws(WireError) -> News {
    switch message {
    case .items(let wired):
      // The places of a message lie side by side.
      let pixels = wired.reduce(0) { $0 + $1.placedBytes }
      guard wired.count <= WorkerEnd.itemLimit, pixels <= memory.size else {
        throw WireError("\(wired.count) items with \(pixels) bytes of pictures at once")
      }
      var items: [Item] = []
      for item in wired { items.append(try self.item(item, &state)) }
      let places = wired.compactMap(\.place)
      if !places.isEmpty { tell(.release(places), state.socket) }
      return .items(items)
    case .frames(let frames): return .frames(frames)
    case .over: return .over
    case .failed(let error): return .failed(error)
    case .drawn(let count):
      guard (0...memory.size).contains(count) else { throw WireError("a file of \(count) bytes") }
      return .drawn(memory.bytes(at: 0, count: count))
    case .accounts(let counters): return .accounts(counters)
    case .hello: throw WireError("a second hello")
    }
  }

  private func item(_ item: WireItem, _ state: inout State) throws(WireError) -> Item {
    switch item {
    case .sound(let run): return .sound(run)
    case .mark(let mark): return .mark(mark)
    case .picture(let picture):
      return .picture(
        Picture(
          slot: picture.slot, epoch: picture.epoch, instant: picture.instant, valid: picture.valid,
          image: try image(picture, &state)))
    }
  }

  private func image(_ picture: PlacedPicture, _ state: inout State) throws(WireError) -> RGBImage {
    guard let place = picture.place else {
      guard let image = state.shown[picture.slot] else { throw WireError("a picture shown again that never was") }
      return image
    }
    let count = 3 * picture.width * picture.height
    guard place >= 0, count <= memory.size, place <= memory.size - count else {
      throw WireError("a picture outside the memory")
    }
    let pixels = memory.bytes(at: place, count: count)
    let image = RGBImage(width: picture.width, height: picture.height, pixels: pixels)
    state.shown[picture.slot] = image
    return image
  }

  /// Who does not listen will be found gone.
  private func tell(_ message: ToWorker, _ socket: borrowing MessageSocket) {
    if !socket.send(message, milliseconds: Self.patience) { child.kill() }
  }
}

extension WireItem {
  /// Of its picture in the shared memory.
  fileprivate var place: Int? { if case .picture(let picture) = self { picture.place } else { nil } }

  /// What it takes there.
  fileprivate var placedBytes: Int {
    if case .picture(let picture) = self, picture.place != nil { 3 * picture.width * picture.height } else { 0 }
  }
}
