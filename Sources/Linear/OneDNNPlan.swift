#if OneDNN
  import CKernels
  import COneDNN

  /// One product of fixed shape, as oneDNN has compiled it.
  final class OneDNNPlan: Sendable {
    struct Shape: Hashable {
      var rows: Int
      var columns: Int
      var depth: Int
      var adds = false
      var hasBias = false
      /// One that the library fuses.
      var activation = Activation.none
    }

    private let handle: od_plan
    private let takesBF16: Bool
    private let shape: Shape

    /// - Throws: `LinearError.engine` where library or processor cannot.
    init(_ shape: Shape, _ precision: Engine.Precision) throws(LinearError) {
      takesBF16 = precision == .bf16
      self.shape = shape
      var wanted = Self.wanted(shape, precision)
      handle = od_plan_create(&wanted)
      guard handle != 0 else { throw .engine(reason: "oneDNN has no \(precision.rawValue) product for this processor") }
    }

    deinit { od_plan_destroy(handle) }

    /// Whether the library would do what it is good at on this processor. Nothing is compiled.
    static func isBlocked(_ shape: Shape, _ precision: Engine.Precision) -> Bool {
      var wanted = wanted(shape, precision)
      return od_is_blocked(&wanted) != 0
    }

    private static func wanted(_ shape: Shape, _ precision: Engine.Precision) -> od_shape {
      guard let (activation, slope) = shape.activation.fused else { preconditionFailure("an activation it fuses") }
      return od_shape(
        rows: shape.rows, columns: shape.columns, depth: shape.depth, adds: shape.adds ? 1 : 0,
        has_bias: shape.hasBias ? 1 : 0, activation: Int32(activation), slope: slope, bf16: precision == .bf16 ? 1 : 0)
    }

    var weightSize: Int { od_plan_weight_size(handle) }

    /// Whether what `other` packed serves this plan, from the column on at which this one's begin.
    func isPart(of other: OneDNNPlan) -> Bool { od_plan_is_part(handle, other.handle) != 0 }

    /// Where a column begins in the packed weight, in bytes; nil where none begins there.
    func place(ofColumn column: Int) -> Int? {
      let place = od_plan_column(handle, column)
      return place == .max ? nil : place
    }

    /// weight: [columns, depth] → packed: [weightSize] bytes.
    func pack(_ weight: UnsafePointer<Float>, to packed: UnsafeMutableRawPointer) throws(LinearError) {
      guard od_pack(handle, weight, packed) != 0 else { throw .engine(reason: "oneDNN could not pack a weight") }
    }

    /// The packed weight from what another plan packed.
    func repack(_ old: LargeBuffer, of other: OneDNNPlan) throws(LinearError) -> LargeBuffer {
      let packed = try LargeBuffer(bytes: weightSize)
      guard od_repack(handle, other.handle, old.bytes, packed.bytes) != 0 else {
        throw .engine(reason: "oneDNN could not pack a weight anew")
      }
      return packed
    }

    /// - Parameters:
    ///   - input: [rows, depth]
    ///   - packed: where its columns begin.
    ///   - bias: [columns], where the shape has one.
    ///   - output: [rows, columns]; nil for scratch memory of this thread.
    /// - Returns: the output; scratch memory holds it until the thread's next product.
    @discardableResult func run(
      _ input: UnsafePointer<Float>, _ packed: UnsafeRawPointer, _ bias: UnsafePointer<Float>?,
      _ output: UnsafeMutablePointer<Float>?
    ) -> UnsafeMutablePointer<Float> {
      guard let output = tryRun(input, packed, bias, output) else { preconditionFailure("out of memory in oneDNN") }
      return output
    }

    /// The same; nil where it fails.
    func tryRun(
      _ input: UnsafePointer<Float>, _ packed: UnsafeRawPointer, _ bias: UnsafePointer<Float>?,
      _ output: UnsafeMutablePointer<Float>?
    ) -> UnsafeMutablePointer<Float>? {
      let own = od_plan_scratch_size(handle).roundedUp(to: 64)
      let halves = (takesBF16 ? 2 * shape.rows * shape.depth : 0).roundedUp(to: 64)
      let results = output == nil ? 4 * shape.rows * shape.columns : 0
      guard let scratch = od_scratch(own + halves + results) else { return nil }
      var source = UnsafeRawPointer(input)
      if takesBF16 {
        tk_to_bf16(input, shape.rows * shape.depth, (scratch + own).assumingMemoryBound(to: UInt16.self))
        source = UnsafeRawPointer(scratch + own)
      }
      let output = output ?? (scratch + own + halves).assumingMemoryBound(to: Float.self)
      return od_run(handle, source, packed, bias, output, scratch) != 0 ? output : nil
    }
  }

  extension Activation {
    /// As the library calls it, and the slope of a swish; nil where it does not fuse it as exactly as we compute it.
    var fused: (code: UInt32, slope: Float)? {
      switch self {
      case .none: (UInt32(OD_NONE), 0)
      case .gelu: (UInt32(OD_GELU), 0)
      case .geluTanh: (UInt32(OD_GELU_TANH), 0)
      case .quickGelu: (UInt32(OD_SWISH), 1.702)
      case .silu: (UInt32(OD_SWISH), 1)
      case .relu: (UInt32(OD_RELU), 0)
      case .relu6, .tanh, .sigmoid: nil
      }
    }
  }
#endif
