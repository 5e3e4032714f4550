/// Who multiplies matrices, on how many threads and how precisely. A layer is prepared for one engine.
package struct Engine: Sendable {
  package enum Products: String, Sendable, CaseIterable {
    /// oneDNN where this build has it, the processor suits it and a trial shows that it works, else OpenBLAS.
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
  /// Why it is not oneDNN, in one line, where `auto` would have chosen it had it worked.
  package let refusal: String?
  let crew: Crew

  /// - Throws: `LinearError.engine` where this build, this processor or this process has no such engine.
  package init(_ products: Products = .auto, threads: Int = 1, precision: Precision = .f32) throws(LinearError) {
    precondition(threads >= 1, "somebody must do the work")
    self.precision = precision
    self.threads = threads
    crew = Crew(threads: threads)
    (self.products, refusal) = try Self.choose(
      products, precision, suits: { Self.oneDNNSuits }, fault: { Self.oneDNNFault(precision) })
    description = self.products == .onednn ? Self.oneDNN(precision) : OpenBLASWeight.prepare()
  }

  /// - Parameters:
  ///   - suits: whether oneDNN is here and does on this processor what it is good at.
  ///   - fault: why oneDNN cannot multiply here; nil where it can. Asked last, it multiplies to find out.
  static func choose(
    _ products: Products, _ precision: Precision, suits: () -> Bool, fault: () -> String?
  ) throws(LinearError) -> (products: Products, refusal: String?) {
    switch products {
    case .openblas:
      guard precision == .f32 else { throw .engine(reason: "bf16 needs onednn, not \(products.rawValue)") }
      return (.openblas, nil)
    case .auto where precision == .f32:
      guard suits() else { return (.openblas, nil) }
      let refusal = fault()
      return (refusal == nil ? .onednn : .openblas, refusal)
    case .auto, .onednn:
      if let reason = fault() { throw .engine(reason: reason) }
      return (.onednn, nil)
    }
  }

  #if OneDNN
    private static var oneDNNSuits: Bool { OneDNNWeight.isInstalled && OneDNNWeight.isAtItsBest }

    private static func oneDNNFault(_ precision: Precision) -> String? {
      OneDNNWeight.isInstalled
        ? OneDNNTrial.fault(precision) : "oneDNN is not installed here: libdnnl was not found"
    }

    private static func oneDNN(_ precision: Precision) -> String { OneDNNWeight.description(precision) }
  #else
    private static var oneDNNSuits: Bool { false }

    private static func oneDNNFault(_ precision: Precision) -> String? {
      "\(precision == .bf16 ? "bf16 needs oneDNN: " : "")this build has no oneDNN"
    }

    private static func oneDNN(_ precision: Precision) -> String { preconditionFailure("never chosen") }
  #endif

  /// Prepares a weight [columns, depth].
  func pack(columns: Int, depth: Int, from source: RowSource) throws(LinearError) -> any PackedWeight {
    #if OneDNN
      if products == .onednn { return try OneDNNWeight(columns: columns, depth: depth, engine: self, from: source) }
    #endif
    return try OpenBLASWeight(columns: columns, depth: depth, engine: self, from: source)
  }
}
