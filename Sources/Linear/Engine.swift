/// Who multiplies matrices, on how many threads and how precisely. A layer is prepared for one engine.
package struct Engine: Sendable {
  package enum Products: String, Sendable, CaseIterable {
    /// oneDNN where this build has it and the processor suits it, else OpenBLAS.
    case auto
    case openblas
    case onednn
  }

  package enum Precision: String, Sendable, CaseIterable {
    case f32
    /// Weights and inputs of products rounded to bfloat16, sums in float. Only oneDNN, only where the processor has it.
    case bf16
  }

  /// Never `auto`.
  package let products: Products
  package let precision: Precision
  /// Threads that one product, attention or norm is spread over, the caller's among them.
  package let threads: Int
  /// For the records' metadata: "openblas 0.3.21 Haswell".
  package let description: String
  let crew: Crew

  /// - Throws: `LinearError.engine` where this build or this processor has no such engine.
  package init(_ products: Products = .auto, threads: Int = 1, precision: Precision = .f32) throws(LinearError) {
    precondition(threads >= 1, "somebody must do the work")
    self.precision = precision
    self.threads = threads
    crew = Crew(threads: threads)
    self.products = try Self.choose(products, precision)
    switch self.products {
    case .onednn: description = try Self.oneDNN(precision)
    default: description = OpenBLASWeight.prepare()
    }
  }

  private static func choose(_ products: Products, _ precision: Precision) throws(LinearError) -> Products {
    switch products {
    case .auto where precision == .bf16: return .onednn
    case .auto: return prefersOneDNN ? .onednn : .openblas
    case .openblas:
      guard precision == .f32 else { throw .engine(reason: "bf16 needs onednn, not \(products.rawValue)") }
      return products
    case .onednn: return .onednn
    }
  }

  #if OneDNN
    private static var prefersOneDNN: Bool {
      OneDNNWeight.prepare(.f32) != nil && (try? OneDNNWeight.isAtItsBest(.f32)) == true
    }

    private static func oneDNN(_ precision: Precision) throws(LinearError) -> String {
      guard let description = OneDNNWeight.prepare(precision) else {
        throw .engine(reason: "oneDNN is not installed here: libdnnl was not found")
      }
      _ = try OneDNNWeight.isAtItsBest(precision)
      return description
    }
  #else
    private static var prefersOneDNN: Bool { false }

    private static func oneDNN(_ precision: Precision) throws(LinearError) -> String {
      throw .engine(reason: "\(precision == .bf16 ? "bf16 needs oneDNN: " : "")this build has no oneDNN")
    }
  #endif

  /// Prepares a weight [columns, depth].
  func pack(columns: Int, depth: Int, from source: RowSource) throws(LinearError) -> any PackedWeight {
    #if OneDNN
      if products == .onednn { return try OneDNNWeight(columns: columns, depth: depth, engine: self, from: source) }
    #endif
    return try OpenBLASWeight(columns: columns, depth: depth, engine: self, from: source)
  }
}
