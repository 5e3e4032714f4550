import CLinux
import Glibc

/// Memory that two processes see, of a size that neither can change: so that what is mapped stays mapped. It costs
/// what has been written to.
package final class SharedMemory: Sendable {
  package let size: Int
  private let descriptor: Descriptor
  private let address: UInt

  /// New memory of `size` bytes.
  package convenience init(size: Int) throws(Errno) {
    let descriptor = Descriptor(owning: try Errno.check { unsafe linux_sealable_memory("tandem") })
    try descriptor.truncate(to: size)
    _ = try Errno.check { linux_seal_size(descriptor.number) }
    try self.init(mapping: descriptor, size: size)
  }

  /// Memory that another process made and handed to us.
  /// - Throws: `EINVAL` where its size could still change.
  package convenience init(adopting number: Int32) throws(Errno) {
    let descriptor = Descriptor(owning: number)
    guard linux_has_sealed_size(number) == 1 else { throw Errno(code: EINVAL) }
    let size = descriptor.size
    try self.init(mapping: descriptor, size: size)
  }

  private init(mapping descriptor: consuming Descriptor, size: Int) throws(Errno) {
    address = unsafe UInt(bitPattern: mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.number, 0))
    guard address != .max else { throw Errno(code: errno) }  // MAP_FAILED
    self.size = size
    self.descriptor = descriptor
  }

  deinit { unsafe munmap(UnsafeMutableRawPointer(bitPattern: address), size) }

  /// To be handed to a child.
  package var number: Int32 { descriptor.number }

  /// A copy of what stands there.
  package func bytes(at offset: Int, count: Int) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      unsafe buffer.baseAddress?.update(from: area(offset, count), count: count)
      filled = count
    }
  }

  package func write(_ bytes: [UInt8], at offset: Int) {
    unsafe bytes.withUnsafeBufferPointer { source in
      guard let start = source.baseAddress else { return }
      unsafe area(offset, bytes.count).update(from: start, count: bytes.count)
    }
  }

  private func area(_ offset: Int, _ count: Int) -> UnsafeMutablePointer<UInt8> {
    precondition(offset >= 0 && count >= 0 && offset <= size - count, "inside the memory")
    return unsafe UnsafeMutablePointer(bitPattern: address)! + offset
  }
}
