/// In bytes.
package struct StoreRoom: Hashable, Sendable {
  /// Left on the disk.
  package let free: Int
  /// Of that, what records are not given.
  package let reserve: Int
}

/// What bounds the store. Times are in seconds.
package struct StoreLimits: Sendable {
  /// A segment is finished before it grows beyond this, unless one batch alone is larger.
  package var segmentBytes = 64 << 20
  /// A segment is finished at the first append or sync after this age.
  package var segmentAge = 3600
  /// Of all segments together: the oldest finished ones are deleted.
  package var totalBytes = 10 << 30
  /// Segments that were finished so long ago are deleted.
  package var age: Int?
  /// The oldest finished ones are deleted when there are more, and more than it takes to fill `totalBytes`: every start
  /// begins a segment.
  package var segments = 1 << 16
  /// Nothing is appended when so little room would be left on the disk, or a sixteenth of it where that is less: the
  /// journal must be able to go on.
  package var reserve = 64 << 20
  package var batchBytes = 64 << 20
  /// Appended and not synced; the next append syncs first.
  package var unsyncedBatches = 4096
  /// The journal is written anew when it is longer, and four times as long as it then was.
  package var journalBytes = 1 << 20
  /// Sources whose last record is kept, or for which an epoch is reserved.
  package var sources = 1 << 17
  /// Of the name of a source.
  package var nameBytes = 4096

  package init() {}

  /// Most segments that are finished and kept.
  var mostSegments: Int { max(segments, totalBytes / max(1, segmentBytes)) }

  /// Room that the journal has before it needs it: on a full disk it still says what is deleted.
  var journalHeadroom: Int { journalBytes / 16 }

  func reserve(of room: DiskRoom) -> Int { min(reserve, room.whole / 16) }
}
