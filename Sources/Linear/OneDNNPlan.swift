#if OneDNN
  import CKernels
  import COneDNN

  /// One product of fixed shape, as oneDNN has compiled it.
  final class OneDNNPlan: Sendable {
    struct Shape: Hashable {
      var rows: Int
      var columns: Int
      var depth: Int
      /// Floats from one row of the output to the next.
      var stride: Int
      var adds: Bool
    }

    private let handle: od_plan
    private let takesBF16: Bool
    private let shape: Shape

    /// - Throws: `LinearError.engine` where library or processor cannot.
    init(_ shape: Shape, _ precision: Engine.Precision) throws(LinearError) {
      takesBF16 = precision == .bf16
      self.shape = shape
      handle = od_plan_create(
        shape.rows, shape.columns, shape.depth, shape.stride, shape.adds ? 1 : 0, takesBF16 ? 1 : 0)
      guard handle != 0 else { throw .engine(reason: "oneDNN has no \(precision.rawValue) product for this processor") }
    }

    deinit { od_plan_destroy(handle) }

    var isBlocked: Bool { od_plan_is_blocked(handle) != 0 }
    var weightSize: Int { od_plan_weight_size(handle) }
    func agrees(with other: OneDNNPlan) -> Bool { od_plan_agrees(handle, other.handle) != 0 }

    /// weight: [columns, depth]
    func pack(_ weight: UnsafePointer<Float>) throws(LinearError) -> LargeBuffer {
      let packed = try LargeBuffer(bytes: weightSize)
      guard od_pack(handle, weight, packed.bytes) != 0 else { throw .engine(reason: "oneDNN could not pack a weight") }
      return packed
    }

    /// The same from what another plan packed.
    func repack(_ old: LargeBuffer, of other: OneDNNPlan) throws(LinearError) -> LargeBuffer {
      let packed = try LargeBuffer(bytes: weightSize)
      guard od_repack(handle, other.handle, old.bytes, packed.bytes) != 0 else {
        throw .engine(reason: "oneDNN could not pack a weight anew")
      }
      return packed
    }

    /// input: [rows, depth]
    func run(_ input: UnsafePointer<Float>, _ packed: LargeBuffer, _ output: UnsafeMutablePointer<Float>) {
      let count = takesBF16 ? shape.rows * shape.depth : 0
      withUnsafeTemporaryAllocation(byteCount: od_plan_scratch_size(handle) + 64, alignment: 64) { scratch in
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: max(1, count)) { halves in
          if takesBF16 { tk_to_bf16(input, count, halves.baseAddress) }
          let source = takesBF16 ? UnsafeRawPointer(halves.baseAddress!) : UnsafeRawPointer(input)
          let done = od_run(handle, source, packed.bytes, output, scratch.baseAddress)
          precondition(done != 0, "out of memory in oneDNN")
        }
      }
    }
  }
#endif
