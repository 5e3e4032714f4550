import Glibc

/// Memory for packed weights: aligned to a page, zero at first, on huge pages where the system has them, for filling
/// hundreds of megabytes page by page costs more than packing. Written while it is prepared, only read afterwards.
final class LargeBuffer: Sendable {
  /// As a number, since it is read from several threads.
  private let address: UInt
  let count: Int

  /// - Parameter count: bytes.
  init(bytes count: Int) throws(LinearError) {
    let place = mmap(nil, max(1, count), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let place, place != MAP_FAILED else { throw .engine(reason: "no memory for \(count) bytes of weights") }
    madvise(place, count, MADV_HUGEPAGE)
    address = UInt(bitPattern: place)
    self.count = count
  }

  deinit { munmap(UnsafeMutableRawPointer(bitPattern: address), max(1, count)) }

  var bytes: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: address)! }
  var floats: UnsafeMutablePointer<Float> { bytes.assumingMemoryBound(to: Float.self) }
}
