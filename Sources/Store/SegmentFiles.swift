/// The names of files in the store's folder.
enum SegmentName {
  static func data(_ number: Int) -> String { padded(number) + ".arrows" }
  static func index(_ number: Int) -> String { padded(number) + ".index" }
  static func files(_ number: Int) -> [String] { [data(number), index(number)] }
  static let damaged = ".damaged"

  /// Of a segment's data or index; nil for other files.
  static func number(_ name: String) -> Int? {
    guard name.hasSuffix(".arrows") || name.hasSuffix(".index") else { return nil }
    let digits = name.prefix { $0 != "." }
    guard let number = Int(digits), number > 0, name == data(number) || name == index(number) else { return nil }
    return number
  }

  /// Also of one that is damaged.
  static func anyNumber(_ name: String) -> Int? {
    number(name.hasSuffix(damaged) ? String(name.dropLast(damaged.count)) : name)
  }

  private static func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 12 - digits.count)) + digits
  }
}

/// The file beside a finished segment that says where its batches are: "TANDEMI1", then each batch's offset, length,
/// number of records (8 bytes each) and checksum (4). Its own checksum stands in the journal.
enum SegmentIndex {
  private static let magic: [UInt8] = Array("TANDEMI1".utf8)

  static func bytes(_ batches: [BatchEntry]) -> [UInt8] {
    var bytes = magic
    bytes.reserveCapacity(magic.count + batches.count * BatchEntry.size)
    for batch in batches { batch.append(to: &bytes) }
    return bytes
  }

  static func size(_ count: Int) -> Int { magic.count + count * BatchEntry.size }

  /// Nil where they are not the index of the segment whose batches begin at `start` and end as `tail` says.
  static func read(_ bytes: [UInt8], from start: Int, _ tail: SegmentTail) -> [BatchEntry]? {
    guard bytes.count == size(tail.batches), CRC32C.of(bytes) == tail.indexChecksum, bytes.starts(with: magic) else {
      return nil
    }
    var reader = ByteReader(bytes.dropFirst(magic.count))
    var batches: [BatchEntry] = []
    batches.reserveCapacity(tail.batches)
    while let batch = try? BatchEntry(&reader) {
      guard batch.offset == batches.last?.end ?? start, batch.length > 0 else { return nil }
      batches.append(batch)
    }
    return batches.last?.end ?? start == tail.end ? batches : nil
  }
}
