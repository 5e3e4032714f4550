/// Entries as bytes: a kind, then its fields in the order of their declaration, little-endian.
extension Entry {
  private enum Kind: UInt8 {
    case opened = 1
    case batch, finished, removed, reserved, kept, source, began, forgotten, dated, floor
  }

  func append(to bytes: inout [UInt8]) {
    switch self {
    case .opened(let head):
      bytes.append(Kind.opened.rawValue)
      head.append(to: &bytes)
    case .batch(let segment, let batch):
      bytes.append(Kind.batch.rawValue)
      bytes.append(segment)
      batch.append(to: &bytes)
      bytes.append(UInt32(batch.marks.count))
      for mark in batch.marks { mark.append(to: &bytes) }
    case .finished(let segment, let tail):
      bytes.append(Kind.finished.rawValue)
      bytes.append(segment)
      tail.append(to: &bytes)
    case .removed(let segment, let removal):
      bytes.append(Kind.removed.rawValue)
      bytes.append(segment)
      bytes.append(removal.rawValue)
    case .dated(let segment, let time):
      bytes.append(Kind.dated.rawValue)
      for value in [segment, time] { bytes.append(value) }
    case .reserved(let source, let next):
      bytes.append(Kind.reserved.rawValue)
      bytes.append(text: source)
      bytes.append(next)
    case .forgotten(let source):
      bytes.append(Kind.forgotten.rawValue)
      bytes.append(text: source)
    case .floor(let epoch):
      bytes.append(Kind.floor.rawValue)
      bytes.append(epoch)
    case .kept(let head, let tail):
      bytes.append(Kind.kept.rawValue)
      head.append(to: &bytes)
      tail.append(to: &bytes)
    case .source(let source, let state):
      bytes.append(Kind.source.rawValue)
      bytes.append(text: source)
      state.append(to: &bytes)
    case .began(let next, let expired):
      bytes.append(Kind.began.rawValue)
      for value in [next, expired.segment, expired.offset] { bytes.append(value) }
    }
  }

  init(_ bytes: inout ByteReader) throws(ByteReader.Fault) {
    switch Kind(rawValue: try bytes.integer()) {
    case .opened: self = .opened(try SegmentHead(&bytes))
    case .batch:
      let segment = try bytes.length()
      var batch = try BatchEntry(&bytes)
      let count: UInt32 = try bytes.integer()
      for _ in 0..<count { batch.marks.append(try Mark(&bytes)) }
      self = .batch(segment: segment, batch)
    case .finished: self = .finished(segment: try bytes.length(), try SegmentTail(&bytes))
    case .removed:
      let segment = try bytes.length()
      guard let removal = Removal(rawValue: try bytes.integer()) else { throw ByteReader.Fault() }
      self = .removed(segment: segment, removal)
    case .dated: self = .dated(segment: try bytes.length(), try bytes.length())
    case .reserved: self = .reserved(source: try bytes.text(), next: try bytes.integer())
    case .forgotten: self = .forgotten(source: try bytes.text())
    case .floor: self = .floor(try bytes.integer())
    case .kept: self = .kept(try SegmentHead(&bytes), try SegmentTail(&bytes))
    case .source: self = .source(try bytes.text(), try SourceState(&bytes))
    case .began:
      let next = try bytes.length()
      self = .began(next: next, expired: Position(segment: try bytes.length(), offset: try bytes.length()))
    case nil: throw ByteReader.Fault()
    }
  }
}

extension SegmentHead {
  fileprivate func append(to bytes: inout [UInt8]) {
    bytes.append(number)
    bytes.append(openingLength)
    bytes.append(openingChecksum)
    bytes.append(UInt8(closing.count))
    bytes.append(contentsOf: closing)
    bytes.append(text: configHash)
    bytes.append(openedAt)
  }

  fileprivate init(_ bytes: inout ByteReader) throws(ByteReader.Fault) {
    number = try bytes.length()
    openingLength = try bytes.length()
    openingChecksum = try bytes.integer()
    let count: UInt8 = try bytes.integer()
    closing = Array(try bytes.bytes(Int(count)))
    configHash = try bytes.text()
    openedAt = try bytes.length()
  }
}

extension SegmentTail {
  fileprivate func append(to bytes: inout [UInt8]) {
    for value in [end, batches, records] { bytes.append(value) }
    bytes.append(indexChecksum)
    bytes.append(finishedAt)
  }

  fileprivate init(_ bytes: inout ByteReader) throws(ByteReader.Fault) {
    end = try bytes.length()
    batches = try bytes.length()
    records = try bytes.length()
    indexChecksum = try bytes.integer()
    finishedAt = try bytes.length()
  }
}

extension BatchEntry {
  /// Without its marks.
  static let size = 28

  func append(to bytes: inout [UInt8]) {
    for value in [offset, length, records] { bytes.append(value) }
    bytes.append(checksum)
  }

  init(_ bytes: inout ByteReader) throws(ByteReader.Fault) {
    offset = try bytes.length()
    length = try bytes.length()
    records = try bytes.length()
    checksum = try bytes.integer()
  }
}

extension Mark {
  fileprivate func append(to bytes: inout [UInt8]) {
    bytes.append(text: source)
    Place.append(place, to: &bytes)
    Place.append(before, to: &bytes)
  }

  fileprivate init(_ bytes: inout ByteReader) throws(ByteReader.Fault) {
    source = try bytes.text()
    guard let place = try Place.read(&bytes) else { throw ByteReader.Fault() }
    self.place = place
    before = try Place.read(&bytes)
  }
}

extension SourceState {
  fileprivate func append(to bytes: inout [UInt8]) {
    Place.append(last, to: &bytes)
    bytes.append(segment)
    bytes.append(reserved)
  }

  fileprivate init(_ bytes: inout ByteReader) throws(ByteReader.Fault) {
    last = try Place.read(&bytes)
    segment = try bytes.length()
    reserved = try bytes.integer()
  }
}

extension Place {
  fileprivate static func append(_ place: Place?, to bytes: inout [UInt8]) {
    bytes.append(UInt8(place == nil ? 0 : 1))
    guard let place else { return }
    bytes.append(place.epoch)
    bytes.append(place.window)
  }

  fileprivate static func read(_ bytes: inout ByteReader) throws(ByteReader.Fault) -> Place? {
    let flag: UInt8 = try bytes.integer()
    guard flag <= 1 else { throw ByteReader.Fault() }
    return flag == 1 ? Place(epoch: try bytes.integer(), window: try bytes.integer()) : nil
  }
}
