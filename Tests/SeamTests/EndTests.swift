import Glibc
import Media
import System
import Testing

@testable import Seam

/// Both ends in one process: the worker's is worked by a thread.
private final class Pair {
  let memory: SharedMemory
  private var socket: MessageSocket

  /// - Parameter work: what the worker does with each task; true to go on.
  init(_ work: @escaping @Sendable (WorkerEnd, WorkerEnd.Task) -> Bool) throws {
    let sockets = try SocketPair()
    let theirs = try Descriptor.duplicate(sockets.theirs.number).release()
    let shared = try SharedMemory(size: PictureArena.size)
    memory = shared
    socket = MessageSocket(sockets.keepOurs())
    try startThread {
      guard let end = try? WorkerEnd(Descriptor(owning: theirs), shared, Hello(version: "1", ffmpeg: "5"), leave: {})
      else { return }
      while work(end, end.next()) {}
    }
  }

  func tell(_ message: ToWorker) {
    let isTaken = socket.send(message, milliseconds: 1000)
    #expect(isTaken)
  }

  func hear(within milliseconds: Int32 = 5000) throws -> FromWorker {
    guard case .message(let bytes) = try socket.receive(milliseconds: milliseconds) else {
      throw Errno(code: ETIMEDOUT)
    }
    return try FromWorker(message: bytes)
  }
}

private let order = SourceOrder(
  "a", label: "a", TrackSelection("video")!,
  SourceRequest(sampleRate: 8000, pictureRate: Ratio(2), stillLength: TimeSpan(seconds: 2)), threads: 1)

@Suite struct EndTests {
  private func picture(_ image: RGBImage) -> Item {
    .picture(Picture(slot: Slot(.video), epoch: 0, instant: .zero, valid: 1, image: image))
  }

  @Test func aPictureShownTwiceCrossesOnce() throws {
    let image = RGBImage(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6])
    let pair = try Pair { [self] end, _ in
      end.give([picture(image), picture(image)])
      end.end()
      return false
    }
    guard case .hello = try pair.hear() else { throw Errno(code: EPROTO) }
    pair.tell(.order(1, order))
    guard case .items(let items) = try pair.hear(), case .picture(let first) = items[0],
      case .picture(let second) = items[1]
    else { throw Errno(code: EPROTO) }
    #expect(pair.memory.bytes(at: try #require(first.place), count: 6) == image.pixels)
    #expect(second.place == nil)
  }

  @Test func aWorkerWaitsUntilPicturesHaveBeenTaken() throws {
    let pair = try Pair { [self] end, _ in
      for _ in 0..<20 {
        end.give([picture(RGBImage(width: 1024, height: 1024, pixels: [UInt8](repeating: 7, count: 3 << 20)))])
      }
      end.end()
      return false
    }
    _ = try pair.hear()
    pair.tell(.order(1, order))
    var waiting: [Int] = []
    var count = 0
    while case .items(let items) = try pair.hear() {
      for case .picture(let picture) in items { waiting.append(try #require(picture.place)) }
      count += items.count
      #expect(waiting.count <= 2, "3 MiB each in a budget of 8")
      guard waiting.count == 2 else { continue }
      pair.tell(.release(waiting))
      waiting = []
    }
    #expect(count == 20)
  }

  @Test func anOrderIsCalledOffByItsNumberAlone() throws {
    let pair = try Pair { end, task in
      guard case .read(_, let interruption) = task else { return false }
      while !interruption.isRaised { usleep(1000) }
      end.fail(.interrupted)
      return true
    }
    _ = try pair.hear()
    pair.tell(.order(1, order))
    pair.tell(.cancel(1))
    guard case .failed(.interrupted) = try pair.hear() else { throw Errno(code: EPROTO) }
    pair.tell(.order(2, order))
    pair.tell(.cancel(1))
    #expect(throws: Errno(code: ETIMEDOUT), "the second order goes on") { try pair.hear(within: 100) }
    pair.tell(.cancel(2))
    guard case .failed(.interrupted) = try pair.hear() else { throw Errno(code: EPROTO) }
  }

  @Test func longSoundCrossesInPieces() throws {
    let samples = (0..<600_000).map(Float.init)
    let pair = try Pair { end, _ in
      end.give([.sound(AudioRun(slot: Slot(.audio), epoch: 3, firstSample: 10, rate: 8000, samples: samples))])
      end.end()
      return false
    }
    _ = try pair.hear()
    pair.tell(.order(1, order))
    var heard: [Float] = []
    while case .items(let items) = try pair.hear() {
      for case .sound(let run) in items {
        #expect(run.firstSample == 10 + Int64(heard.count) && run.epoch == 3)
        heard += run.samples
      }
    }
    #expect(heard == samples)
  }
}
