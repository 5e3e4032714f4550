#if OneDNN
  import COneDNN
  import Synchronization

  /// A weight that oneDNN packed, in slices of columns, one for each thread.
  struct OneDNNWeight: PackedWeight {
    let granule: Int
    private let slices: [OneDNNSlice]

    init(columns: Int, depth: Int, engine: Engine, from source: RowSource) throws(LinearError) {
      let granule = ((columns + engine.threads - 1) / engine.threads).roundedUp(to: 64)
      let count = (columns + granule - 1) / granule
      let made = Mutex([OneDNNSlice?](repeating: nil, count: count))
      try engine.perform(count, cost: granule * depth) { numbers throws(LinearError) in
        for n in numbers {
          let range = n * granule..<min(columns, (n + 1) * granule)
          let slice = try OneDNNSlice(range, of: columns, depth: depth, engine.precision, from: source)
          made.withLock { $0[n] = slice }
        }
      }
      slices = made.withLock { $0.compactMap { $0 } }
      self.granule = granule
    }

    func multiply(_ call: ProductCall, columns: Range<Int>) {
      for slice in slices[columns.lowerBound / granule..<(columns.upperBound + granule - 1) / granule] {
        slice.multiply(call)
      }
    }

    /// "onednn 2.6.3 f32", or nil where the library is not there.
    static func prepare(_ precision: Engine.Precision) -> String? {
      od_open() == 0 ? nil : "onednn \(String(cString: od_version())) \(precision.rawValue)"
    }

    /// Whether the library does on this processor what it is good at.
    static func isAtItsBest(_ precision: Engine.Precision) throws(LinearError) -> Bool {
      try OneDNNPlan(.init(rows: 64, columns: 768, depth: 768, stride: 768, adds: false), precision).isBlocked
    }
  }

  /// Some columns of a weight, and the plans for the numbers of rows that came by.
  private final class OneDNNSlice: Sendable {
    private let columns: Range<Int>
    /// Of the whole weight.
    private let stride: Int
    private let depth: Int
    private let precision: Engine.Precision
    private let state: Mutex<State>

    private struct State {
      var plans: [Key: Prepared] = [:]
      /// Usually one. The library may want another layout for other numbers of rows.
      var layouts: [Prepared]
    }
    private struct Key: Hashable {
      let rows: Int
      let adds: Bool
    }
    private struct Prepared: Sendable {
      let plan: OneDNNPlan
      let packed: LargeBuffer
    }

    /// Plans kept; texts have many lengths.
    private static let limit = 64

    init(
      _ columns: Range<Int>, of stride: Int, depth: Int, _ precision: Engine.Precision, from source: RowSource
    ) throws(LinearError) {
      self.columns = columns
      self.stride = stride
      self.depth = depth
      self.precision = precision
      let shape = OneDNNPlan.Shape(rows: 64, columns: columns.count, depth: depth, stride: stride, adds: false)
      let plan = try OneDNNPlan(shape, precision)
      let rows = try LargeBuffer(bytes: columns.count * depth * 4)
      try source(columns, rows.floats)
      state = Mutex(State(layouts: [Prepared(plan: plan, packed: try plan.pack(rows.floats))]))
    }

    func multiply(_ call: ProductCall) {
      let key = Key(rows: call.rows, adds: call.adds)
      let prepared = state.withLock { state in
        if let prepared = state.plans[key] { return prepared }
        if state.plans.count == Self.limit { state.plans = [:] }
        let prepared = prepare(key, &state.layouts)
        state.plans[key] = prepared
        return prepared
      }
      prepared.plan.run(call.input, prepared.packed, call.output + columns.lowerBound)
    }

    private func prepare(_ key: Key, _ layouts: inout [Prepared]) -> Prepared {
      let shape = OneDNNPlan.Shape(
        rows: key.rows, columns: columns.count, depth: depth, stride: stride, adds: key.adds)
      do throws(LinearError) {
        let plan = try OneDNNPlan(shape, precision)
        if let layout = layouts.first(where: { $0.plan.agrees(with: plan) }) {
          return Prepared(plan: plan, packed: layout.packed)
        }
        let prepared = Prepared(plan: plan, packed: try plan.repack(layouts[0].packed, of: layouts[0].plan))
        layouts.append(prepared)
        return prepared
      } catch {
        // The first plan of this precision succeeded, so only memory can be missing.
        fatalError(error.description)
      }
    }
  }
#endif
