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

    /// The whole weight, as it was packed first.
    private let first: Layout

    private struct State {
      /// Nil for shapes that the library computes on none of the layouts.
      var prepared: [OneDNNPlan.Shape: Prepared?] = [:]
      /// Those of `prepared`, the oldest first.
      var shapes: [OneDNNPlan.Shape] = []
      /// Of the whole weight, usually one. The library may want another for other numbers of rows.
      var layouts: [Layout]
    }
    private struct Layout: Sendable {
      let plan: OneDNNPlan
      let packed: LargeBuffer
    }
    private struct Prepared: Sendable {
      let plan: OneDNNPlan
      let layout: Layout
    }

    /// Plans kept; texts have many lengths.
    private static let limit = 128
    /// Of the plan with which a weight is packed.
    private static let rows = 64

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
      let first = Layout(plan: whole, packed: packed)
      self.first = first
      state = Mutex(State(layouts: [first]))
    }

    private static func plan(
      _ columns: Int, _ depth: Int, _ precision: Engine.Precision
    ) throws(LinearError) -> OneDNNPlan { try OneDNNPlan(.init(rows: rows, columns: columns, depth: depth), precision) }

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
      guard let product = prepared(shape), let place = product.layout.plan.place(ofColumn: range.lowerBound) else {
        return multiplyAsPacked(call, columns: range)
      }
      let bias = call.bias.map { $0 + range.lowerBound }, output = call.output + range.lowerBound
      let results = product.plan.run(call.input, product.layout.packed.bytes + place, bias, isWhole ? output : nil)
      if !isFused {
        tk_bias_activation(results, range.count, call.rows, range.count, bias, call.activation.code)
      }
      if !isWhole { tk_place_rows(results, call.rows, range.count, output, columns, call.adds ? 1 : 0) }
    }

    /// The same where the library lays out a product of this shape unlike the weight, or cannot plan it: all columns, by
    /// the plan with which the weight was packed, of which some are placed.
    func multiplyAsPacked(_ call: ProductCall, columns range: Range<Int>) {
      for row in stride(from: 0, to: call.rows, by: Self.rows) {
        let count = min(Self.rows, call.rows - row), input = call.input + row * depth
        let results = count == Self.rows ? runAsPacked(input) : runAsPacked(padded(input, rows: count))
        place(results, call, row..<row + count, range)
      }
    }

    private func runAsPacked(_ input: UnsafePointer<Float>) -> UnsafeMutablePointer<Float> {
      first.plan.run(input, first.packed.bytes, nil, nil)
    }

    private func padded(_ input: UnsafePointer<Float>, rows count: Int) -> [Float] {
      UnsafeBufferPointer(start: input, count: count * depth)
        + [Float](repeating: 0, count: (Self.rows - count) * depth)
    }

    /// results: [rows, columns], of which those of `range` get what follows a product.
    private func place(
      _ results: UnsafeMutablePointer<Float>, _ call: ProductCall, _ rows: Range<Int>, _ range: Range<Int>
    ) {
      let results = results + range.lowerBound
      tk_bias_activation(
        results, columns, rows.count, range.count, call.bias.map { $0 + range.lowerBound }, call.activation.code)
      for row in 0..<rows.count {
        let output = call.output + (rows.lowerBound + row) * columns + range.lowerBound
        tk_place_rows(results + row * columns, 1, range.count, output, columns, call.adds ? 1 : 0)
      }
    }

    /// Nil where there is no plan for it that takes the weight as it can be packed, or no memory for either.
    private func prepared(_ shape: OneDNNPlan.Shape) -> Prepared? {
      state.withLock { state in
        if let prepared = state.prepared[shape] { return prepared }
        if state.shapes.count == Self.limit { state.prepared.removeValue(forKey: state.shapes.removeFirst()) }
        let prepared = try? prepare(shape, &state.layouts)
        state.prepared[shape] = .some(prepared)
        state.shapes.append(shape)
        return prepared
      }
    }

    private func prepare(_ shape: OneDNNPlan.Shape, _ layouts: inout [Layout]) throws(LinearError) -> Prepared? {
      let plan = try OneDNNPlan(shape, precision)
      if let found = layouts.first(where: { plan.isPart(of: $0.plan) }) { return Prepared(plan: plan, layout: found) }
      let whole = try OneDNNPlan(.init(rows: shape.rows, columns: columns, depth: depth), precision)
      guard plan.isPart(of: whole) else { return nil }
      let layout = Layout(plan: whole, packed: try whole.repack(first.packed, of: first.plan))
      layouts.append(layout)
      return Prepared(plan: plan, layout: layout)
    }

    static var isInstalled: Bool { od_open() != 0 }

    /// "onednn 2.6.3 f32", where it is installed.
    static func description(_ precision: Engine.Precision) -> String {
      "onednn \(String(cString: od_version())) \(precision.rawValue)"
    }

    /// Whether the library does on this processor what it is good at.
    static var isAtItsBest: Bool { OneDNNPlan.isBlocked(.init(rows: rows, columns: 768, depth: 768), .f32) }
  }
#endif
