import Media
import Store
import Testing

/// What the store has promised.
struct Witness {
  private(set) var durable: [String: Place] = [:]
  private var reserved: [String: Int32] = [:]
  private var films = Films()

  mutating func sync(_ batches: [[RecordID]]) {
    for id in batches.joined() where id.source != Caller.film { durable[id.source] = id.place }
    films.sync(batches.joined().filter { $0.source == Caller.film }.count)
  }

  mutating func restart() { films.restart() }

  mutating func finishFilm(at last: Place) { films.finish(at: last) }

  mutating func reserve(_ epoch: Int32, _ source: String) {
    #expect(epoch > reserved[source] ?? -1, "an epoch given twice")
    reserved[source] = epoch
  }

  /// Nothing lost, torn or twice; `isWhole`: retention has taken nothing.
  func check(_ store: RecordStore, _ disk: MemoryDisk, isWhole: Bool = true) throws {
    var reader = store.reader()
    var last: [String: Place] = [:]
    var films = films
    var files: [Int: [UInt8]] = [:]
    var position: Position?
    while let batch = try reader.next() {
      if let position, position >= batch.position { throw Broken("\(batch.position) after \(position)") }
      position = batch.position
      files[batch.position.segment, default: batch.layout.opening] += batch.bytes
      guard let ids = TestRecord.ids(batch.bytes), ids.count == batch.records else {
        throw Broken("torn at \(batch.position)")
      }
      for id in ids where id.source != Caller.film { try step(id, &last, isWhole) }
      for id in ids where id.source == Caller.film { try films.step(id.place, isWhole) }
    }
    for (source, place) in durable { #expect(try #require(last[source]) >= place, "\(source) lost \(place)") }
    for (source, place) in last { #expect(store.last(of: source) == place) }
    try films.check(store.last(of: Caller.film), isWhole)
    // What could not be ended is ended at the next start.
    if store.counters["store_unclosed_segments"] == 0 { try checkFiles(files, disk) }
  }

  private func step(_ id: RecordID, _ last: inout [String: Place], _ isWhole: Bool) throws {
    let before = last[id.source]
    let isFirst = id.place.window == 0 && id.place.epoch > before?.epoch ?? -1
    let isLate = before == nil && !isWhole
    guard isFirst || isLate || before?.following == id.place else {
      throw Broken("\(id) after \(String(describing: before))")
    }
    last[id.source] = id.place
  }

  /// Every segment is a whole stream, or one that can still grow.
  private func checkFiles(_ files: [Int: [UInt8]], _ disk: MemoryDisk) throws {
    for (number, bytes) in files {
      let name = String(repeating: "0", count: 12 - String(number).count) + "\(number).arrows"
      let content = try #require(disk.content(name))
      let isStream = content == bytes || content == bytes + StoreLayout.numbered(0).closing
      #expect(isStream, "\(name)")
    }
  }
}

/// Films of one name, one after the other: what of them is promised, and then what of them is found.
struct Films {
  /// Where each of those ended that need not be known any more.
  private var endings: [Place] = []
  private var durableRecords = 0
  private enum Forgetting { case asked, durable }
  private var forgetting: Forgetting?

  private var found = 0
  private var last: Place?
  private var restarts: [Place] = []

  mutating func finish(at last: Place) {
    endings.append(last)
    forgetting = .asked
  }

  /// What was asked of a process that ended may have come to nothing.
  mutating func restart() { if forgetting == .asked { forgetting = nil } }

  mutating func sync(_ records: Int) {
    durableRecords += records
    forgetting = records > 0 || forgetting == nil ? nil : .durable
  }

  mutating func step(_ place: Place, _ isWhole: Bool) throws {
    defer { (last, found) = (place, found + 1) }
    let isLate = last == nil && !isWhole
    guard place != last?.following, !isLate, last != nil || place != Place(epoch: 0, window: 0) else { return }
    guard let last, endings.contains(last), place == Place(epoch: 0, window: 0) else {
      throw Broken("\(Caller.film) \(place) after \(String(describing: last))")
    }
    restarts.append(last)
  }

  func check(_ known: Place?, _ isWhole: Bool) throws {
    if isWhole { #expect(found >= durableRecords, "\(durableRecords - found) records of films are lost") }
    guard restarts.count <= endings.count else { throw Broken("a film is stored twice") }
    guard let known else {
      if let last, !endings.contains(last) { throw Broken("a film is forgotten at \(last)") }
      return
    }
    #expect(known == last || !isWhole)
    if isWhole, forgetting == .durable { #expect(restarts.last == endings.last, "a film is not forgotten") }
  }
}
