#if OneDNN
  import CKernels
  import COneDNN
  import Synchronization

  /// A weight that oneDNN packed, and the plans for the products that came by.
  ///
  /// The library is at its best only where the output's rows follow each other without gaps. So a thread that computes
  /// some of the columns does that in memory of its own, and places them.
  final class OneDNNWeight: PackedWeight {
    let granule: Int
    private let columns: Int
    private let depth: Int
    private let precision: Engine.Precision
    private let state: Mutex<State>

    private struct State {
      var prepared: [Key: Prepared] = [:]
      /// Of the whole weight, usually one. The library may want another for other numbers of rows.
      var layouts: [(plan: OneDNNPlan, packed: LargeBuffer)]
    }
    private struct Key: Hashable {
      let shape: OneDNNPlan.Shape
      let firstColumn: Int
    }
    private struct Prepared: Sendable {
      let plan: OneDNNPlan
      let packed: LargeBuffer
      /// Bytes before its first column.
      let place: Int
    }

    /// Plans kept; texts have many lengths.
    private static let limit = 128

    init(columns: Int, depth: Int, engine: Engine, from source: RowSource) throws(LinearError) {
      self.columns = columns
      self.depth = depth
      precision = engine.precision
      let whole = try Self.plan(columns, depth, precision)
      let share = ((columns + engine.threads - 1) / engine.threads).roundedUp(to: 64)
      granule = try Self.canCut(whole, columns, share, depth, precision) ? share : columns
      let packed = try LargeBuffer(bytes: whole.weightSize)
      // Some columns that fit the second cache while they are read, converted and packed.
      let panel = max(64, (1 << 18) / depth / 64 * 64)
      let canCut = try Self.canCut(whole, columns, panel, depth, precision)
      if panel < columns && canCut {
        let (precision, last) = (engine.precision, (columns - 1) / panel * panel)
        let plan = try Self.plan(panel, depth, precision), lastPlan = try Self.plan(columns - last, depth, precision)
        try engine.perform(last / panel + 1, cost: panel * depth / 2) { panels throws(LinearError) in
          for first in panels.lazy.map({ $0 * panel }) {
            let rows = try Self.scratch(floats: panel * depth)
            try source(first..<min(columns, first + panel), rows)
            try (first == last ? lastPlan : plan).pack(rows, to: packed.bytes + whole.place(ofColumn: first)!)
          }
        }
      } else {
        let rows = try LargeBuffer(bytes: columns * depth * 4)
        try source(0..<columns, rows.floats)
        try whole.pack(rows.floats, to: packed.bytes)
      }
      state = Mutex(State(layouts: [(whole, packed)]))
    }

    private static func plan(
      _ columns: Int, _ depth: Int, _ precision: Engine.Precision
    ) throws(LinearError) -> OneDNNPlan { try OneDNNPlan(.init(rows: 64, columns: columns, depth: depth), precision) }

    private static func scratch(floats count: Int) throws(LinearError) -> UnsafeMutablePointer<Float> {
      guard let scratch = od_scratch(4 * count) else { throw .engine(reason: "no memory to pack a weight") }
      return scratch.assumingMemoryBound(to: Float.self)
    }

    /// Whether the packed weight, cut into runs of `width` columns, is that of products with so many columns.
    private static func canCut(
      _ whole: OneDNNPlan, _ columns: Int, _ width: Int, _ depth: Int, _ precision: Engine.Precision
    ) throws(LinearError) -> Bool {
      guard width < columns else { return true }
      guard whole.place(ofColumn: width) != nil else { return false }
      for width in [width, columns % width] where width > 0 {
        guard try plan(width, depth, precision).isPart(of: whole) else { return false }
      }
      return true
    }

    func multiply(_ call: ProductCall, columns range: Range<Int>) {
      let isWhole = range.count == columns
      // What the library does not fuse follows the product, the bias with it.
      let isFused = call.activation.fused != nil
      let shape = OneDNNPlan.Shape(
        rows: call.rows, columns: range.count, depth: depth, adds: call.adds && isWhole,
        hasBias: isFused && call.bias != nil, activation: isFused ? call.activation : .none)
      let product = prepared(Key(shape: shape, firstColumn: range.lowerBound))
      let bias = call.bias.map { $0 + range.lowerBound }, output = call.output + range.lowerBound
      let results = product.plan.run(
        call.input, product.packed.bytes + product.place, bias, isWhole ? output : nil)
      if !isFused {
        tk_bias_activation(results, range.count, call.rows, range.count, bias, call.activation.code)
      }
      if !isWhole { tk_place_rows(results, call.rows, range.count, output, columns, call.adds ? 1 : 0) }
    }

    private func prepared(_ key: Key) -> Prepared {
      state.withLock { state in
        if let prepared = state.prepared[key] { return prepared }
        if state.prepared.count == Self.limit { state.prepared = [:] }
        do throws(LinearError) {
          let prepared = try prepare(key, &state.layouts)
          state.prepared[key] = prepared
          return prepared
        } catch {
          // The first plan of this precision succeeded, so only memory can be missing.
          fatalError(error.description)
        }
      }
    }

    private func prepare(
      _ key: Key, _ layouts: inout [(plan: OneDNNPlan, packed: LargeBuffer)]
    ) throws(LinearError) -> Prepared {
      let plan = try OneDNNPlan(key.shape, precision)
      if let found = layouts.first(where: { plan.isPart(of: $0.plan) }) {
        return Prepared(plan: plan, packed: found.packed, place: found.plan.place(ofColumn: key.firstColumn)!)
      }
      let whole = try OneDNNPlan(.init(rows: key.shape.rows, columns: columns, depth: depth), precision)
      guard plan.isPart(of: whole), let place = whole.place(ofColumn: key.firstColumn) else {
        throw .engine(reason: "oneDNN lays out a part of a weight unlike the whole")
      }
      let packed = try whole.repack(layouts[0].packed, of: layouts[0].plan)
      layouts.append((whole, packed))
      return Prepared(plan: plan, packed: packed, place: place)
    }

    /// "onednn 2.6.3 f32", or nil where the library is not there.
    static func prepare(_ precision: Engine.Precision) -> String? {
      od_open() == 0 ? nil : "onednn \(String(cString: od_version())) \(precision.rawValue)"
    }

    /// Whether the library does on this processor what it is good at.
    static func isAtItsBest(_ precision: Engine.Precision) throws(LinearError) -> Bool {
      try OneDNNPlan(.init(rows: 64, columns: 768, depth: 768), precision).isBlocked
    }
  }
#endif
