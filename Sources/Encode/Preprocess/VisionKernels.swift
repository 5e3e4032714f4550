import CKernels
import Linear

/// The C loops of picture towers, with the sizes that C cannot check.
enum VisionKernels {
  /// `resizeAcross` is at its fastest with a multiple of so many taps.
  static let tapsAcross = 8

  /// pixels: packed RGB rows → out: [rows, outputs, 3].
  static func resizeAcross(_ pixels: [UInt8], _ part: PixelPart, _ axis: ResizeAxis, to out: inout [UInt8]) {
    let rows = out.count / (3 * axis.outputs)
    precondition(
      out.count == rows * axis.outputs * 3 && part.holds(rows: rows, bytes: 3 * axis.reach.count, of: pixels))
    unsafe pixels.withUnsafeBufferPointer {
      unsafe ck_resize_across(
        $0.baseAddress! + part.origin, part.stride, rows, axis.reach.lowerBound, axis.starts, axis.weights, axis.taps,
        axis.outputs, Int32(axis.shift), &out)
    }
  }

  /// → out: [outputs, width] bytes.
  static func resizeDown(
    _ pixels: [UInt8], _ part: PixelPart, width: Int, _ axis: ResizeAxis, to out: inout [UInt8]
  ) {
    precondition(part.holds(rows: axis.reach.count, bytes: width, of: pixels) && out.count == axis.outputs * width)
    unsafe pixels.withUnsafeBufferPointer {
      unsafe ck_resize_down(
        $0.baseAddress! + part.origin, part.stride, width, axis.reach.lowerBound, axis.starts, axis.weights, axis.taps,
        axis.outputs, Int32(axis.shift), &out)
    }
  }

  /// One patch of `side` × `side` pixels, the first at byte `origin`, → out: [side · side · 3].
  static func patch(
    _ pixels: [UInt8], at origin: Int, stride: Int, side: Int, _ scale: PixelScale, _ order: PatchOrder,
    to out: inout MutableSpan<Float>
  ) {
    precondition(origin >= 0 && origin + (side - 1) * stride + 3 * side <= pixels.count)
    precondition(out.count == side * side * 3)
    unsafe out.withUnsafeMutableBufferPointer { out in
      unsafe pixels.withUnsafeBufferPointer {
        unsafe ck_patch($0.baseAddress! + origin, stride, side, scale.table, order == .pixels ? 1 : 0, out.baseAddress!)
      }
    }
  }

  /// The samples under each place of a convolution's kernel: [output height · output width, kernel² · 3] rows of
  /// `out` from `row` on. pixels: packed RGB of `size` × `size`.
  static func windows(
    _ pixels: [UInt8], size: Int, _ place: KernelPlaces, _ scale: PixelScale, to out: inout Matrix, at row: Int
  ) {
    let width = place.kernel * place.kernel * 3, rows = place.outputs * place.outputs
    precondition(pixels.count == 3 * size * size && place.inputs == size && out.columns == width)
    precondition(row >= 0 && row + rows <= out.rows)
    out.withMutableValues { values in
      unsafe values.withUnsafeMutableBufferPointer { out in
        unsafe ck_windows(
          pixels, size, place.kernel, place.stride, place.before, scale.table, place.outputs,
          out.baseAddress! + row * width)
      }
    }
  }

  /// Each channel of picture number `picture` convolved with its own kernel: input [pictures · inputs², channels] →
  /// out [pictures · outputs², channels] = relu6(sum + bias). weights: [kernel², channels]; bias: [channels].
  static func depthwise(
    _ input: Matrix, picture: Int, _ place: KernelPlaces, weights: [Float], bias: [Float], to out: inout Matrix
  ) {
    let (area, channels) = (place.inputs * place.inputs, input.columns)
    let result = place.outputs * place.outputs
    precondition(picture >= 0 && (picture + 1) * area <= input.rows && (picture + 1) * result <= out.rows)
    precondition(weights.count == place.kernel * place.kernel * channels && bias.count == channels)
    precondition(out.columns == channels)
    out.withMutableValues { values in
      unsafe values.withUnsafeMutableBufferPointer { out in
        unsafe input.values.withUnsafeBufferPointer { input in
          unsafe ck_depthwise(
            input.baseAddress! + picture * area * channels, place.inputs, channels, place.kernel, place.stride,
            place.before, weights, bias, place.outputs, out.baseAddress! + picture * result * channels)
        }
      }
    }
  }
}

extension Matrix {
  /// All values, row after row.
  fileprivate mutating func withMutableValues(_ body: (inout MutableSpan<Float>) -> Void) {
    let (rows, columns) = (rows, columns)
    reshape(rows: 1, columns: rows * columns)
    withMutableRow(0, body)
    reshape(rows: rows, columns: columns)
  }
}

/// Some rows of packed RGB inside others, in bytes.
struct PixelPart {
  let origin: Int
  let stride: Int

  fileprivate func holds(rows: Int, bytes: Int, of pixels: [UInt8]) -> Bool {
    rows >= 1 && origin >= 0 && stride >= 0 && origin + (rows - 1) * stride + bytes <= pixels.count
  }
}
