import Glibc
import Store
import Synchronization
import System

/// A folder in memory that knows what a power cut may leave: what was synced, and of everything since then any part.
final class MemoryDisk: Disk {
  static let plenty = 1 << 40

  struct World {
    var files: [Int: MemoryInode] = [:]
    var names: [String: Int] = [:]
    var durableNames: [String: Int] = [:]
    var pendingNames: [NameChange] = []
    var nextFile = 0
    /// Bytes that may still be written.
    var room = plenty
    var size = plenty
    var claims: Set<String> = []
    var calls = 0
    var isStopped = false
    var faults: Faults = { _, _ in nil }
    var random = SplitMix(1)
  }

  enum NameChange {
    case put(String, Int)
    case move(String, to: String, Int)
    case remove(String)
  }

  enum Call {
    case open, read, write, truncate, keepRoom, syncData, size, rename, remove, names, syncNames, room, claim
  }

  enum Fault {
    case error(Int32)
    /// A write of only one byte.
    case short
    /// The machine stops in this call and gives nothing any more.
    case stop
  }

  /// What happens at the n-th call.
  typealias Faults = @Sendable (Int, Call) -> Fault?

  let world: Mutex<World>

  init(_ world: World = World()) { self.world = Mutex(world) }

  var calls: Int { world.withLock { $0.calls } }

  var isStopped: Bool { world.withLock { $0.isStopped } }

  func fail(_ faults: @escaping Faults) {
    world.withLock { world in
      world.faults = faults
      world.calls = 0
    }
  }

  func stop(at call: Int) { fail { n, _ in n >= call ? .stop : nil } }

  func setRoom(_ room: Int) { world.withLock { $0.room = room } }

  func setSize(_ size: Int) { world.withLock { ($0.room, $0.size) = (size, size) } }

  // MARK: what is in it

  func content(_ name: String) -> [UInt8]? {
    world.withLock { world in world.names[name].flatMap { world.files[$0]?.content } }
  }

  var allNames: [String] { world.withLock { $0.names.keys.sorted() } }

  /// A file as if it had always been there.
  func put(_ name: String, _ bytes: [UInt8]) {
    world.withLock { world in
      let file = world.names[name] ?? world.make(name)
      world.files[file] = MemoryInode(content: bytes, durable: bytes)
      world.settleNames()
    }
  }

  func take(_ name: String) {
    world.withLock { world in
      world.names[name] = nil
      world.settleNames()
    }
  }

  /// What is found after the process was killed: all that it wrote, and it is no more durable than before.
  func afterKill() -> MemoryDisk { MemoryDisk(world.withLock { $0.restarted }) }

  /// What is found after the power was cut.
  func afterPowerCut(_ random: inout SplitMix) -> MemoryDisk {
    var world = world.withLock { $0.restarted }
    world.names = world.survivingNames(&random)
    for file in world.files.keys.sorted() {
      guard let inode = world.files[file] else { continue }
      let content = inode.survivor(&random)
      world.files[file] = MemoryInode(content: content, durable: content)
    }
    world.settleNames()
    return MemoryDisk(world)
  }

  // MARK: Disk

  func open(_ name: String, _ mode: DiskMode) throws(Errno) -> any DiskFile {
    try call(.open) { world throws(Errno) in
      if case .create = mode {
        if let file = world.names[name] {
          world.files[file]?.change(.truncate(0))
          return MemoryFile(self, file)
        }
        let file = world.make(name)
        world.pendingNames.append(.put(name, file))
        return MemoryFile(self, file)
      }
      guard let file = world.names[name] else { throw Errno(code: ENOENT) }
      return MemoryFile(self, file)
    }
  }

  func rename(_ name: String, to other: String) throws(Errno) {
    try call(.rename) { world throws(Errno) in
      guard let file = world.names.removeValue(forKey: name) else { throw Errno(code: ENOENT) }
      world.names[other] = file
      world.pendingNames.append(.move(name, to: other, file))
    }
  }

  func remove(_ name: String) throws(Errno) {
    try call(.remove) { world throws(Errno) in
      guard world.names.removeValue(forKey: name) != nil else { throw Errno(code: ENOENT) }
      world.pendingNames.append(.remove(name))
    }
  }

  func names() throws(Errno) -> [String] { try call(.names) { Array($0.names.keys) } }

  func syncNames() throws(Errno) { try call(.syncNames) { $0.settleNames() } }

  func room() throws(Errno) -> DiskRoom { try call(.room) { DiskRoom(free: $0.room, whole: $0.size) } }

  func claim(_ name: String) throws(Errno) -> DiskClaim {
    try call(.claim) { world in
      guard world.claims.insert(name).inserted else { return .taken(holder: "process 4711") }
      return .held(MemoryClaim(self, name))
    }
  }

  func call<Result: Sendable>(
    _ call: Call, _ body: (inout World) throws(Errno) -> Result
  ) throws(Errno) -> Result {
    try world.withLock { world throws(Errno) in
      if let code = world.fault(call) { throw Errno(code: code) }
      return try body(&world)
    }
  }
}

private final class MemoryClaim: Sendable {
  private let disk: MemoryDisk
  private let name: String

  init(_ disk: MemoryDisk, _ name: String) { (self.disk, self.name) = (disk, name) }

  deinit { disk.world.withLock { _ = $0.claims.remove(name) } }
}

private final class MemoryFile: DiskFile {
  private let disk: MemoryDisk
  private let file: Int

  init(_ disk: MemoryDisk, _ file: Int) { (self.disk, self.file) = (disk, file) }

  func read(at offset: Int, count: Int) throws(Errno) -> [UInt8] {
    try disk.call(.read) { world in
      let content = world.files[file]?.content ?? []
      return Array(content.dropFirst(offset).prefix(count))
    }
  }

  func write(_ bytes: [UInt8], from start: Int, at offset: Int) throws(Errno) -> Int {
    try disk.world.withLock { world throws(Errno) in
      var count = bytes.count - start
      switch world.nextFault(.write) {
      case .error(let code): throw Errno(code: code)
      case .short: count = min(1, count)
      case .stop:
        // A part may have been done.
        let part = Int(world.random.next() % UInt64(count + 1))
        world.files[file]?.change(.write(offset, Array(bytes[start..<start + part])))
        throw Errno(code: EIO)
      case nil: break
      }
      let size = world.files[file]?.roomEnd ?? 0
      let overwritten = max(0, min(size - offset, count))
      count = min(count, overwritten + world.room)
      guard count > 0 || bytes.count == start else { throw Errno(code: ENOSPC) }
      world.room -= count - overwritten
      world.files[file]?.change(.write(offset, Array(bytes[start..<start + count])))
      return count
    }
  }

  func truncate(to length: Int) throws(Errno) {
    try disk.call(.truncate) { world in
      let size = world.files[file]?.roomEnd ?? 0
      world.room += max(0, size - length)
      world.files[file]?.kept = 0
      world.files[file]?.change(.truncate(length))
    }
  }

  func keepRoom(to length: Int) throws(Errno) {
    try disk.call(.keepRoom) { world throws(Errno) in
      let more = length - (world.files[file]?.roomEnd ?? 0)
      guard more > 0 else { return }
      guard world.room >= more else { throw Errno(code: ENOSPC) }
      world.room -= more
      world.files[file]?.kept = length
    }
  }

  /// After an error the system holds for clean what it could not write, and forgets it.
  func syncData() throws(Errno) {
    try disk.world.withLock { world throws(Errno) in
      if let code = world.fault(.syncData) {
        if !world.isStopped, code == EIO {
          var random = world.random
          world.files[file]?.loseSome(&random)
          world.random = random
        }
        throw Errno(code: code)
      }
      world.files[file]?.settle()
    }
  }

  func size() throws(Errno) -> Int { try disk.call(.size) { $0.files[file]?.content.count ?? 0 } }
}

extension MemoryDisk.World {
  mutating func make(_ name: String) -> Int {
    nextFile += 1
    files[nextFile] = MemoryInode()
    names[name] = nextFile
    return nextFile
  }

  mutating func settleNames() {
    durableNames = names
    pendingNames = []
  }

  mutating func nextFault(_ call: MemoryDisk.Call) -> MemoryDisk.Fault? {
    defer { calls += 1 }
    if isStopped { return .error(EIO) }
    let fault = faults(calls, call)
    if case .stop = fault { isStopped = true }
    return fault
  }

  /// Of calls that are done whole or not at all.
  mutating func fault(_ call: MemoryDisk.Call) -> Int32? {
    switch nextFault(call) {
    case .error(let code): code
    case .stop: EIO
    case .short, nil: nil
    }
  }

  var restarted: MemoryDisk.World {
    var world = self
    (world.claims, world.calls, world.isStopped, world.faults) = ([], 0, false, { _, _ in nil })
    return world
  }

  /// Of the changes that were not synced any part, in their order.
  func survivingNames(_ random: inout SplitMix) -> [String: Int] {
    var names = durableNames
    let share = random.next() % 4
    for change in pendingNames where random.next() % 3 < share {
      switch change {
      case .put(let name, let file): names[name] = file
      case .move(let name, let other, let file):
        if names[name] == file { names[name] = nil }
        names[other] = file
      case .remove(let name): names[name] = nil
      }
    }
    return names
  }
}
