import Glibc
package import Media
import Synchronization
package import System

/// The door of the seam on its right: the program whose processes read and decode. One process serves one source at
/// a time; one that has come to the end of its source is kept for the next.
package final class DecodeProgram: Sendable {
  private let path: String
  private let version: String
  private let limits: WorkerLimits
  private let idle = Mutex<DecodeWorker?>(nil)
  /// All that were started and are still there.
  private let started = Mutex<[Started]>([])

  private struct Started {
    weak let worker: DecodeWorker?
  }

  /// - Parameters:
  ///   - path: of the program; nil: the one that belongs to ours.
  ///   - version: of ours, which must be the worker's.
  package init(path: String? = nil, version: String, limits: WorkerLimits = WorkerLimits()) {
    self.path = path ?? Self.own
    self.version = version
    self.limits = limits
  }

  /// What the program says of itself; starts a process where none is waiting.
  /// - Throws: `SourceError.unavailable`.
  package func hello() throws(SourceError) -> Hello {
    let worker = try takeWorker()
    defer { keep(worker) }
    return worker.hello
  }

  /// Opens a source.
  /// - Parameters:
  ///   - pace: how far its time may go.
  ///   - silence: a worker that gives nothing for so long is ended; nil: silence is nothing wrong.
  ///   - step: processor time that a packet of an opened live source may take; nil: the limits' `fruitless`.
  /// - Throws: `SourceError`: the source's own, or `.unavailable` where there is no worker.
  package func open(
    _ order: SourceOrder, interruption: Interruption, pace: MediaPace = .recorded, silence: Duration? = nil,
    step: Duration? = nil
  ) throws(SourceError) -> WorkerSource {
    try WorkerSource(order, try takeWorker(), self, limits, interruption, pace: pace, silence: silence, step: step)
  }

  /// A picture as a file.
  /// - Throws: `SourceError`.
  package func draw(_ image: RGBImage, as format: PictureFormat) throws(SourceError) -> [UInt8] {
    let worker = try takeWorker()
    let file = try worker.draw(image, as: format)
    keep(worker)
    return file
  }

  /// A worker that is ready for the next order.
  func keep(_ worker: DecodeWorker) { idle.withLock { $0 = worker } }

  /// Ends the process that waits for the next order, if one does.
  package func release() { _ = idle.withLock { $0.take() } }

  /// What its processes hold in memory now, in bytes; nil where none runs.
  package var residentBytes: Int? {
    let sizes = started.withLock { $0.compactMap(\.worker) }.compactMap(\.residentBytes)
    return sizes.isEmpty ? nil : sizes.reduce(0, +)
  }

  private func takeWorker() throws(SourceError) -> DecodeWorker {
    if let worker = idle.withLock({ $0.take() }), !worker.hasEnded { return worker }
    let worker = try DecodeWorker(path, version: version, memoryLimit: limits.memory)
    started.withLock { started in
      started.removeAll { $0.worker == nil }
      started.append(Started(worker: worker))
    }
    return worker
  }

  /// Beside this program, or where packages put it.
  private static var own: String {
    var bytes = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlink("/proc/self/exe", &bytes, bytes.count)
    let name = PathText.name(bytes[..<max(0, count)].map(UInt8.init(bitPattern:)))
    let folder = name.lastIndex(of: "/").map { String(name[..<$0]) } ?? "."
    let beside = "\(folder)/tandem-decode"
    return unsafe access(PathText.cString(beside), X_OK) == 0 ? beside : "\(folder)/../libexec/tandem-decode"
  }
}

/// What one worker may cost.
package struct WorkerLimits: Sendable {
  /// Bytes of address space; nil: as much as there is.
  package var memory: Int?
  /// Processor time without any result.
  package var fruitless: Duration
  /// A clock that never goes back.
  package var now: @Sendable () -> Duration

  package init(
    memory: Int? = nil, fruitless: Duration = .seconds(60), now: @escaping @Sendable () -> Duration = monotonicTime
  ) {
    self.memory = memory
    self.fruitless = fruitless
    self.now = now
  }
}
