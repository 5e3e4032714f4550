import Synchronization

/// How much has been multiplied since the process began: what a benchmark divides by time.
package enum Operations {
  private static let counted = Atomic<Int>(0)

  /// Multiplications and additions of all products and of attention.
  package static var count: Int { counted.load(ordering: .relaxed) }

  /// A product [rows, depth] · [depth, columns].
  static func add(rows: Int, columns: Int, depth: Int) {
    counted.wrappingAdd(2 * rows * columns * depth, ordering: .relaxed)
  }
}
