#if OneDNN
  import COneDNN
  import Glibc

  /// Whether oneDNN, where it is installed, can multiply in this process. It makes code while it runs, which a sandbox
  /// may forbid, and it says so only when a weight is packed.
  enum OneDNNTrial {
    /// Why it cannot, in one line; nil where it can. Found out once per process. That takes a millisecond, beside what
    /// the library prepares at its first product anyway: some 30 ms where it has only AVX2.
    static func fault(_ precision: Engine.Precision) -> String? {
      switch precision {
      case .f32: f32
      case .bf16: bf16
      }
    }

    private static let f32 = find(.f32)
    private static let bf16 = find(.bf16)

    /// Where it can make no code the library is not even asked: not all of its kernels expect to be refused.
    private static func find(_ precision: Engine.Precision) -> String? {
      switch od_code_error() {
      case 0: break
      case EPERM, EACCES:
        return "oneDNN makes code, but this process may not make executable memory (MemoryDenyWriteExecute)"
      case let code: return "oneDNN got no memory to make code in: \(String(cString: strerror(code)))"
      }
      do throws(LinearError) {
        guard let product = try product(precision) else { return "oneDNN could not multiply" }
        return product == expected ? nil : "oneDNN multiplied wrongly"
      } catch { return "\(error)" }
    }

    private static let shape = OneDNNPlan.Shape(rows: 16, columns: 64, depth: 32)
    /// Integers so small that every sum is exact, in whatever order, and every number is one of bfloat16.
    private static let input = (0..<shape.rows * shape.depth).map { $0 % 7 - 3 }
    private static let weight = (0..<shape.columns * shape.depth).map { $0 % 5 - 2 }

    /// [rows, columns]
    private static var expected: [Float] {
      (0..<shape.rows * shape.columns).map { place in
        let (row, column) = place.quotientAndRemainder(dividingBy: shape.columns)
        return Float(
          (0..<shape.depth).reduce(0) { $0 + input[row * shape.depth + $1] * weight[column * shape.depth + $1] })
      }
    }

    private static func product(_ precision: Engine.Precision) throws(LinearError) -> [Float]? {
      let plan = try OneDNNPlan(shape, precision), packed = try LargeBuffer(bytes: plan.weightSize)
      try plan.pack(weight.map(Float.init), to: packed.bytes)
      guard let output = plan.tryRun(input.map(Float.init), packed.bytes, nil, nil) else { return nil }
      return Array(UnsafeBufferPointer(start: output, count: shape.rows * shape.columns))
    }
  }
#endif
