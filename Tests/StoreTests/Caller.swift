import Media
import Store
import Testing

/// Records whose bytes follow from their ids, so that what comes back can be checked without keeping what went in.
enum TestRecord {
  static func bytes(_ id: RecordID) -> [UInt8] {
    var random = SplitMix(
      UInt64(bitPattern: id.place.window) &* 31 &+ UInt64(id.place.epoch) &+ UInt64(id.source.utf8.count))
    let count = Int(random.next() % 160)
    var bytes = Array("\(id.source) \(id.place.epoch) \(id.place.window) ".utf8)
    bytes.append(contentsOf: repeatElement(UInt8(0x30 + random.next() % 10), count: count))
    return bytes + [0x0A]
  }

  static func batch(_ ids: [RecordID]) -> [UInt8] { ids.flatMap(bytes) }

  /// Nil where these are not records as they were made.
  static func ids(_ batch: [UInt8]) -> [RecordID]? {
    var ids: [RecordID] = []
    for line in batch.split(separator: 0x0A) {
      let parts = String(decoding: line, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
      guard parts.count == 4, let epoch = Int32(parts[1]), let window = Int64(parts[2]) else { return nil }
      ids.append(RecordID(source: String(parts[0]), epoch: epoch, window: window))
    }
    return batch == TestRecord.batch(ids) ? ids : nil
  }
}

extension StoreLayout {
  static func numbered(_ number: Int) -> StoreLayout {
    StoreLayout(opening: Array("<\(number)>\n".utf8), closing: Array("</>\n".utf8), configHash: "hash \(number % 3)")
  }
}

/// One that uses a store as the daemon does: what was not synced is kept, and appended anew when it is lost.
struct Caller {
  let sources = ["door", "yard-camera"]
  /// A file of this name is stored, forgotten, and replaced by another one, again and again.
  static let film = "film"
  var random: SplitMix
  let store: RecordStore
  /// The place of each source's next record.
  private(set) var next: [String: Place] = [:]
  /// Appended and not yet durable, batch by batch.
  private(set) var unsynced: [[RecordID]] = []
  private var layout = 0
  private var isAnythingLost = false

  init(_ store: RecordStore, seed: UInt64) {
    self.store = store
    random = SplitMix(seed)
    for source in sources + [Self.film] {
      next[source] = store.last(of: source)?.following ?? Place(epoch: 0, window: 0)
    }
  }

  /// Does `count` things, and tells the witness what the store promised. Throws what it cannot get over.
  mutating func work(_ count: Int, _ witness: inout Witness) throws(StoreError) {
    for _ in 0..<count {
      do {
        try appendLost()
        try act(&witness)
      } catch .lost(_) {
        isAnythingLost = true
      }
    }
  }

  private mutating func act(_ witness: inout Witness) throws(StoreError) {
    switch random.next() % 20 {
    case 0: try reserve(&witness)
    case 1:
      layout += 1
      try store.change(to: .numbered(layout))
    case 2: try finishFilm(&witness)
    case 3...6: try sync(&witness)
    default: try append()
    }
  }

  private mutating func append() throws(StoreError) {
    var places = next
    let names = sources + [Self.film]
    let ids = (0...random.next() % 3).map { _ in
      let source = names[Int(random.next() % UInt64(names.count))]
      defer { places[source] = places[source]?.following }
      return RecordID(source: source, epoch: places[source]?.epoch ?? 0, window: places[source]?.window ?? 0)
    }
    unsynced.append(ids)
    next = places
    do { _ = try store.append(TestRecord.batch(ids), records: ids.count, ids: ids) } catch {
      if case .lost = error { throw error }
      unsynced.removeLast()
      for id in ids.reversed() { next[id.source] = id.place }
      throw error
    }
  }

  mutating func sync(_ witness: inout Witness) throws(StoreError) {
    try appendLost()
    let durable = try store.sync()
    #expect(durable == store.durable)
    witness.sync(unsynced)
    unsynced = []
  }

  private mutating func finishFilm(_ witness: inout Witness) throws(StoreError) {
    try sync(&witness)
    guard let last = store.last(of: Self.film) else { return }
    #expect(store.forget(Self.film))
    witness.finishFilm(at: last)
    #expect(store.last(of: Self.film) == nil)
    next[Self.film] = Place(epoch: 0, window: 0)
  }

  private mutating func reserve(_ witness: inout Witness) throws(StoreError) {
    let source = sources[Int(random.next() % UInt64(sources.count))]
    let epoch = try store.reserveEpoch(of: source)
    witness.reserve(epoch, source)
    next[source] = Place(epoch: epoch, window: 0)
  }

  private func isNew(_ id: RecordID) -> Bool { store.last(of: id.source).map { $0 < id.place } ?? true }

  private mutating func appendLost() throws(StoreError) {
    guard isAnythingLost else { return }
    for ids in unsynced where ids.contains(where: isNew) {
      _ = try store.append(TestRecord.batch(ids), records: ids.count, ids: ids)
    }
    isAnythingLost = false
  }
}

extension Place {
  var following: Place { Place(epoch: epoch, window: window + 1) }
}

struct Broken: Error {
  let what: String

  init(_ what: String) { self.what = what }
}
