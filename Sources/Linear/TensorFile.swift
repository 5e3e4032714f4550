import CKernels

/// One safetensors file, open as long as somebody may read from it. Bytes are read, never mapped: a file that shrinks
/// under our feet is then an error, not a fault, and nothing of it stays in our memory.
final class TensorFile: Sendable {
  let path: String
  private let file: OpenFile
  private let dataStart: Int
  let tensors: [String: SafetensorsHeader.Tensor]

  init(path: String) throws(LinearError) {
    let file = try OpenFile(path: path)
    guard file.size >= 8 else { throw .file(path: path, reason: "is too short for a safetensors file") }
    let length = try file.read(0..<8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * $1.offset) }
    guard length <= SafetensorsHeader.limit else {
      throw .file(path: path, reason: "claims a header of \(length) bytes")
    }
    let start = 8 + Int(length)
    guard start <= file.size else { throw .file(path: path, reason: "ends inside its header") }
    tensors = try SafetensorsHeader(json: file.read(8..<start), dataSize: file.size - start, path: path).tensors
    self.path = path
    self.file = file
    dataStart = start
  }

  /// Writes elements `range` of a tensor to `out`: [range.count].
  /// - Throws: `LinearError.tensor` for integers, numbers that are not finite, and a file that ends early.
  func read(
    _ name: String, _ tensor: SafetensorsHeader.Tensor, _ range: Range<Int>, _ out: UnsafeMutablePointer<Float>
  ) throws(LinearError) {
    guard let convert = Self.conversions[tensor.kind] else {
      throw .tensor(file: path, name: name, reason: "\(tensor.kind) is not read as numbers here; F32, F16, BF16 are")
    }
    let size = tensor.kind == "F32" ? 4 : 2
    let chunk = min(1 << 18, max(1, range.count))
    let buffer = UnsafeMutableRawPointer.allocate(byteCount: chunk * size, alignment: 64)
    defer { buffer.deallocate() }
    for first in stride(from: range.lowerBound, to: range.upperBound, by: chunk) {
      let count = min(chunk, range.upperBound - first)
      let place = dataStart + tensor.bytes.lowerBound + first * size
      if let reason = file.read(into: buffer, count * size, at: place) {
        throw .tensor(file: path, name: name, reason: reason)
      }
      guard convert(buffer, count, out + (first - range.lowerBound)) != 0 else {
        throw .tensor(file: path, name: name, reason: "holds NaN or infinity")
      }
    }
  }

  private static let conversions: [String: @Sendable (UnsafeRawPointer, Int, UnsafeMutablePointer<Float>) -> Int32] = [
    "F32": { tk_from_f32($0, $1, $2) }, "F16": { tk_from_f16($0, $1, $2) }, "BF16": { tk_from_bf16($0, $1, $2) },
  ]
}
