/// A file's bytes as programs see them, as the disk has them, and what lies between.
struct MemoryInode {
  enum Change {
    case write(Int, [UInt8])
    case truncate(Int)
  }

  /// Of what is written whole or not at all: smaller than a disk's, to tear more.
  private static let sector = 64

  private(set) var content: [UInt8] = []
  private(set) var durable: [UInt8] = []
  private(set) var pending: [Change] = []
  /// Bytes for which it has room, however long it is.
  var kept = 0

  /// Where what is written needs room of the disk.
  var roomEnd: Int { max(content.count, kept) }

  init(content: [UInt8] = [], durable: [UInt8] = []) { (self.content, self.durable) = (content, durable) }

  mutating func change(_ change: Change) {
    Self.apply(change, &content)
    pending.append(change)
  }

  mutating func settle() {
    for change in pending { Self.apply(change, &durable) }
    pending = []
  }

  /// Some of what is pending reaches the disk, the rest never will.
  mutating func loseSome(_ random: inout SplitMix) {
    durable = survivor(&random)
    pending = []
  }

  /// What the disk may hold after a power cut: any part of the pending changes, in any order, sector by sector; and
  /// lengths without their bytes.
  func survivor(_ random: inout SplitMix) -> [UInt8] {
    var bytes = durable
    let share = random.next() % 5
    var changes = pending
    if random.next() % 3 == 0 { changes.shuffle(using: &random) }
    for change in changes {
      guard random.next() % 4 < share else {
        if random.next() % 4 == 0 { Self.lengthen(change, &bytes, &random) }
        continue
      }
      for part in random.next() % 3 == 0 ? Self.torn(change, &random) : [change] { Self.apply(part, &bytes) }
    }
    return bytes
  }

  private static func apply(_ change: Change, _ bytes: inout [UInt8]) {
    switch change {
    case .truncate(let length):
      if length < bytes.count { bytes.removeLast(bytes.count - length) }
      bytes += [UInt8](repeating: 0, count: length - bytes.count)
    case .write(let offset, let new):
      if offset + new.count > bytes.count {
        bytes += [UInt8](repeating: 0, count: offset + new.count - bytes.count)
      }
      bytes.replaceSubrange(offset..<offset + new.count, with: new)
    }
  }

  /// The file has grown, the bytes are what lay on the disk before.
  private static func lengthen(_ change: Change, _ bytes: inout [UInt8], _ random: inout SplitMix) {
    guard case .write(let offset, let new) = change else { return }
    let filler: UInt8 = random.next() % 2 == 0 ? 0 : 0xA5
    let missing = offset + new.count - bytes.count
    if missing > 0 { bytes += [UInt8](repeating: filler, count: missing) }
  }

  private static func torn(_ change: Change, _ random: inout SplitMix) -> [Change] {
    guard case .write(let offset, let new) = change else { return [change] }
    if random.next() % 2 == 0 { return [.write(offset, Array(new.prefix(Int(random.next() % UInt64(new.count + 1)))))] }
    var parts: [Change] = []
    var start = 0
    while start < new.count {
      let end = min(new.count, start + sector - (offset + start) % sector)
      if random.next() % 2 == 0 { parts.append(.write(offset + start, Array(new[start..<end]))) }
      start = end
    }
    return parts
  }
}

/// Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
