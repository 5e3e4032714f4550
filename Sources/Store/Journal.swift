import System

/// The file that says what the store holds. Frames are appended and synced one at a time; a new journal is written
/// whole beside the old one and takes its name.
struct Journal {
  static let name = "journal"
  static let draftName = "journal.new"

  /// The last call on the file failed, and nobody knows what is in it: it must be written anew.
  private(set) var isSuspect = false
  private let file: any DiskFile
  private let salt: UInt64
  private var end: Int
  private var sequence: UInt64
  /// Its length when it was written anew.
  private let base: Int
  /// The room behind its end that it keeps, in bytes.
  private let headroom: Int
  /// Where the room ends that it has.
  private var roomEnd = 0

  /// Goes on with a journal whose frames end as `contents` says.
  init(_ file: any DiskFile, _ contents: JournalContents, headroom: Int) throws(Errno) {
    self.file = file
    self.headroom = headroom
    (salt, end, sequence, base) = (contents.salt, contents.end, contents.sequence, contents.base)
    if contents.isTorn {
      try file.truncate(to: end)
      try file.syncData()
    }
    keepRoom()
  }

  private init(_ file: any DiskFile, salt: UInt64, end: Int, sequence: UInt64, headroom: Int) {
    (self.file, self.salt, self.end, self.sequence, self.headroom) = (file, salt, end, sequence, headroom)
    base = end
    keepRoom()
  }

  func isLong(_ limit: Int) -> Bool { end > max(limit, 4 * base) }

  /// One frame, on the disk when this returns. Where there is no room for it the journal is as it was; after any other
  /// error, and where that cannot be had, it is suspect.
  mutating func append(_ entries: [Entry]) throws(Errno) {
    let bytes = JournalFrame.bytes(entries, sequence, salt: salt)
    do { try file.writeAll(bytes, at: end) } catch {
      do throws(Errno) {
        guard error.isPassing else { throw error }
        try file.truncate(to: end)
        roomEnd = 0
        keepRoom()  // at once, before another takes it
      } catch { isSuspect = true }
      throw error
    }
    do { try file.syncData() } catch {
      isSuspect = true
      throw error
    }
    end += bytes.count
    sequence += 1
    keepRoom()
  }

  /// On a full disk, and on one that cannot, the journal goes on with the room that there is.
  private mutating func keepRoom() {
    guard roomEnd < end + headroom else { return }
    for more in [2 * headroom, headroom, headroom / 2, headroom / 4] where end + more > roomEnd {
      do {
        try file.keepRoom(to: end + more)
        roomEnd = end + more
        return
      } catch { if !error.isForRoom { return } }
    }
  }

  /// A new journal beside the present one, on the disk when this returns. After an error all is as it was.
  static func draft(on disk: any Disk, _ frames: [[Entry]], headroom: Int) throws(Errno) -> Journal {
    let salt = UInt64.random(in: .min ... .max)
    var bytes = JournalFrame.header(salt: salt)
    for (index, entries) in frames.enumerated() {
      bytes += JournalFrame.bytes(entries, UInt64(index), salt: salt)
    }
    let file = try disk.open(draftName, .create)
    do { try file.fill(bytes) } catch {
      try? disk.remove(draftName)  // else the next draft empties it
      throw error
    }
    return Journal(file, salt: salt, end: bytes.count, sequence: UInt64(frames.count), headroom: headroom)
  }

  /// The draft takes the place of the present journal. After an error either may be found after a crash.
  func publish(on disk: any Disk) throws(Errno) {
    try disk.rename(Self.draftName, to: Self.name)
    try disk.syncNames()
  }

  mutating func suspect() { isSuspect = true }
}
