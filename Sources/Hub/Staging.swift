import Glibc
import Media

/// Where a model grows before anybody sees it: the folder `NAME.pulling` beside its place. It outlives an
/// interruption; in it stand a lock, a note of what is being fetched, and the folder `files`, which is renamed as a
/// whole.
final class Staging {
  /// Grows into the model.
  let files: String
  /// Held as long as anybody may write here; see `Child`.
  let lock: Int32
  private let place: String
  private let folder: String

  /// - Parameter place: the folder of the finished model.
  /// - Throws: `HubError.unavailable` while another process has it, `.cannotCreate`.
  init(for place: String) throws(HubError) {
    self.place = place
    folder = place + ".pulling"
    files = folder + "/files"
    try Disk.makeFolder(folder)
    let path = folder + "/lock"
    lock = unsafe open(PathText.cString(path), O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard lock >= 0 else { throw .cannotCreate(Disk.words("create", path)) }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      throw .unavailable("\(PathText.written(place)): is being pulled by another process")
    }
  }

  deinit { close(lock) }

  /// Keeps what an interrupted run has fetched of the same files, and nothing else.
  /// - Parameter note: names all that decides the files.
  func resume(_ note: String) throws(HubError) {
    let path = folder + "/note"
    if Disk.read(path) != note {
      Disk.removeAll(files)
      try Disk.write(note, to: path)
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

  /// The finished files take their place at once; an earlier version is put aside first.
  /// - Parameter mark: see `Mark`.
  func publish(_ mark: String) throws(HubError) {
    try Disk.write(mark + "\n", to: "\(files)/\(Mark.name)")
    if Disk.exists(place) { try Disk.rename(place, to: "\(folder)/earlier") }
    try Disk.rename(files, to: place)
    discard()
  }

  func discard() { Disk.removeAll(folder) }
}

/// The file that says what a folder was pulled from.
enum Mark {
  static let name = ".pulled"

  /// Of the folder of a model; nil where it was not pulled, or not yet.
  private static func of(_ place: String) -> String? {
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
