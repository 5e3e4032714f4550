import Glibc
import Media

/// Where a model grows before anybody sees it: the folder `.NAME.pulling` beside its place, which no model can be
/// called. It outlives an interruption; in it stand a lock, a note of what is being fetched, and the folder `files`,
/// which takes the model's name as a whole.
final class Staging {
  /// Grows into the model.
  let files: String
  /// Held as long as anybody may write here; see `Child`.
  let lock: Int32
  private let place: String
  private let folder: String
  private var note: String { folder + "/note" }
  private var earlier: String { folder + "/earlier" }

  /// - Parameter place: the folder of the finished model.
  /// - Throws: `HubError.unavailable` while another process has it, `.cannotCreate`.
  init(for place: String) throws(HubError) {
    self.place = place
    folder = Self.folder(of: place)
    files = folder + "/files"
    lock = try Self.lock(folder, of: place)
    try putBack()
  }

  deinit { close(lock) }

  /// Takes away what a process left that was killed when the model was complete. What was fetched of other files stays.
  /// - Parameter note: of the files that are complete.
  static func sweep(_ place: String, _ note: String) throws(HubError) {
    let folder = folder(of: place)
    guard Disk.exists(folder), [nil, note].contains(Disk.read(folder + "/note")) else { return }
    do throws(HubError) {
      try Staging(for: place).discard()
    } catch .unavailable {}  // its owner is at it
  }

  /// Keeps what an interrupted run has fetched of the same files, and nothing else.
  /// - Parameters:
  ///   - note: names all that decides the files.
  ///   - mark: see `Mark`.
  func resume(_ note: String, _ mark: String) throws(HubError) {
    if Disk.read(self.note) != note || ![nil, mark].contains(Mark.of(files)) {
      Disk.removeAll(files)
      try Disk.write(note, to: self.note)
    }
    try Disk.makeFolder(files)
  }

  /// A folder beside `files` for what does not become part of the model.
  func scratch(_ name: String) throws(HubError) -> String {
    try Disk.makeFolder("\(folder)/\(name)")
    return "\(folder)/\(name)"
  }

  /// - Throws: `HubError.inputOutput` where so many more bytes do not fit.
  func requireRoom(for bytes: Int) throws(HubError) {
    guard let room = Disk.room(in: folder), room < bytes else { return }
    throw .inputOutput(
      "\(PathText.written(place)): needs \(megabytes(bytes)) more, the disk has \(megabytes(room)) left")
  }

  /// The finished files take their place at once, and that of an earlier version with it.
  /// - Parameter mark: see `Mark`.
  func publish(_ mark: String) throws(HubError) {
    try Disk.write(mark + "\n", to: "\(files)/\(Mark.name)")
    if !Disk.exists(place) {
      try Disk.rename(files, to: place)
    } else if try !Disk.exchange(files, with: place) {
      Disk.removeAll(earlier)
      try Disk.rename(place, to: earlier)
      do { try Disk.rename(files, to: place) } catch {
        try putBack()
        throw error
      }
    }
    discard()
  }

  /// The note goes first, so that nothing goes on from what is half gone, and the lock last.
  func discard() {
    Disk.remove(note)
    for name in Disk.entries(of: folder) where name != "lock" { Disk.removeAll("\(folder)/\(name)") }
    Disk.removeAll(folder)
  }
}

extension Staging {
  private static func folder(of place: String) -> String {
    let slash = place.utf8.lastIndex(of: UInt8(ascii: "/"))!
    return "\(place[...slash]).\(place[place.utf8.index(after: slash)...]).pulling"
  }

  private static func lock(_ folder: String, of place: String) throws(HubError) -> Int32 {
    let path = folder + "/lock"
    while true {
      try Disk.makeFolder(folder)
      let lock = unsafe open(PathText.cString(path), O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard lock >= 0 else { throw .cannotCreate(Disk.words("create", path)) }
      guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
        close(lock)
        throw .unavailable("\(PathText.written(place)): is being pulled by another process")
      }
      if Disk.isSame(path, lock) { return lock }
      close(lock)  // its owner has taken the folder away since
    }
  }

  /// An earlier version, where the file system made two steps of one and the second was not reached.
  private func putBack() throws(HubError) {
    if !Disk.exists(place), Disk.exists(earlier) { try Disk.rename(earlier, to: place) }
  }
}

/// The file that says what a folder was pulled from.
enum Mark {
  static let name = ".pulled"

  /// Of the folder of a model; nil where it was not pulled, or not yet.
  static func of(_ place: String) -> String? {
    Disk.read("\(place)/\(name)").map { String($0.prefix { !$0.isNewline }) }
  }

  /// Whether a model is complete as it is wanted.
  /// - Throws: `HubError.cannotCreate` where something stands in its place that was not pulled.
  static func isThere(_ mark: String, at place: String) throws(HubError) -> Bool {
    let found = of(place)
    guard found != nil || !Disk.exists(place) else {
      throw .cannotCreate("\(PathText.written(place)): is there already and was not pulled: take it away first")
    }
    return found == mark
  }
}

/// `1.5 MB`, for people.
private func megabytes(_ bytes: Int) -> String {
  let tenths = bytes / 100_000
  return "\(tenths / 10).\(tenths % 10) MB"
}
