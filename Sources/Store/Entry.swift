/// Which record of a source: a source's records are stored in ascending order of their places.
package struct Place: Hashable, Comparable, Sendable {
  package let epoch: Int32
  package let window: Int64

  package init(epoch: Int32, window: Int64) {
    self.epoch = epoch
    self.window = window
  }

  package static func < (one: Place, other: Place) -> Bool {
    (one.epoch, one.window) < (other.epoch, other.window)
  }
}

/// What makes a record the only one of its kind.
package struct RecordID: Hashable, Sendable {
  package let source: String
  package let place: Place

  package init(source: String, epoch: Int32, window: Int64) {
    self.source = source
    place = Place(epoch: epoch, window: window)
  }
}

/// What stands around the batches of a segment, and what decides them.
package struct StoreLayout: Hashable, Sendable {
  /// A schema message; not empty.
  package let opening: [UInt8]
  /// An end mark, at most 255 bytes.
  package let closing: [UInt8]
  package let configHash: String

  package init(opening: [UInt8], closing: [UInt8], configHash: String) {
    self.opening = opening
    self.closing = closing
    self.configHash = configHash
  }
}

/// What the journal says.
enum Entry: Hashable {
  case opened(SegmentHead)
  case batch(segment: Int, BatchEntry)
  case finished(segment: Int, SegmentTail)
  case removed(segment: Int, Removal)
  /// The age of a finished segment counts from this time.
  case dated(segment: Int, Int)
  case reserved(source: String, next: Int32)
  /// The last record of a source need not be known any more.
  case forgotten(source: String)
  /// No epoch below is given from now on to a source that is not known: those given before need not be remembered.
  case floor(Int32)
  // At the beginning of a journal, in place of all that led there:
  case kept(SegmentHead, SegmentTail)
  case source(String, SourceState)
  /// A number below which no segment is new, and how far retention has come; the latter also where what was put aside
  /// is no longer kept.
  case began(next: Int, expired: Position)
}

struct SegmentHead: Hashable {
  let number: Int
  let openingLength: Int
  let openingChecksum: UInt32
  let closing: [UInt8]
  let configHash: String
  let openedAt: Int

  func fits(_ layout: StoreLayout) -> Bool {
    openingLength == layout.opening.count && openingChecksum == CRC32C.of(layout.opening)
      && closing == layout.closing && configHash == layout.configHash
  }
}

struct SegmentTail: Hashable {
  /// Where the last batch ends.
  let end: Int
  let batches: Int
  let records: Int
  let indexChecksum: UInt32
  /// What its age counts from.
  var finishedAt: Int
}

/// Why a segment is no longer kept.
enum Removal: UInt8 {
  case expired = 1
  case damaged = 2
  /// It was written to, and nothing in it became durable.
  case empty = 3
}

struct BatchEntry: Hashable {
  let offset: Int
  let length: Int
  let checksum: UInt32
  let records: Int
  /// Which sources it holds; left out where a segment is finished.
  var marks: [Mark] = []

  var end: Int { offset + length }
}

/// The last record of one source in a batch, and the one before that batch, so that it can be taken back.
struct Mark: Hashable {
  let source: String
  let place: Place
  let before: Place?
}

struct SourceState: Hashable {
  /// Of its last record, and the segment where that is.
  var last: Place?
  var segment = 0
  /// Epochs below this are given away.
  var reserved: Int32 = 0

  /// The first epoch that holds no record and was not given away.
  var next: Int32 { max(reserved, Int32(clamping: Int(last?.epoch ?? -1) + 1)) }
}
