package import Media

/// The records that one client has asked for, in their order.
package protocol RecordSubscription: Sendable {
  /// Of all its records; what an Arrow stream of them begins with.
  var layout: RecordLayout { get }
  var opening: [UInt8] { get }
  /// The position before its first record.
  var start: String { get }
  /// Records lost so far because the client was slower than they came.
  var lostCount: Int64 { get }

  /// Looks for the first record, before anything else is asked. Waits for none that is yet to come.
  /// - Throws: `gone` where it is kept no longer, or cannot be read.
  func prepare() async throws(FaceError)

  /// What comes next, waiting for it; nil at the end, and soon after `close` or when the task is cancelled. Called by
  /// one task alone. What is kept is given as fast as the client takes it; what is live is never waited for.
  func next() async throws(FaceError) -> RecordChunk?

  /// The client has heard nothing for a while: where `next` waits, it gives `quiet`. May be called from any thread.
  func nudge()

  /// Nothing more is wanted. May be called from any thread, at any time, also again.
  func close()
}

package enum RecordChunk: Sendable {
  case batch(RecordBatch)
  /// Records that the client should have had here, by source; the source is empty where it is not known.
  case lost([RecordLoss])
  /// Nothing, for some time now. Whoever goes on from the position misses nothing that is for him; nil: it is as before.
  case quiet(String? = nil)
}

package struct RecordLoss: Hashable, Sendable {
  package let source: String
  package let count: Int64

  package init(_ source: String, _ count: Int64) {
    self.source = source
    self.count = count
  }
}

/// Records that were written together, as one batch of an Arrow stream.
package struct RecordBatch: Sendable {
  /// One who goes on from here misses nothing and gets nothing of this batch again.
  package let position: String
  package let arrow: [UInt8]
  /// The same; nil where they are still to be read from `arrow`.
  package let records: [Embedding]?

  /// position: visible ASCII.
  package init(position: String, arrow: [UInt8], records: [Embedding]?) {
    precondition(position.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "a position is visible ASCII")
    self.position = position
    self.arrow = arrow
    self.records = records
  }
}
