import Glibc
import Supervise
import System
import Testing

@Suite struct FinishedFilesTests {
  private let folder: String

  init() throws {
    var template = Array("/tmp/tandem-finished-XXXXXX".utf8CString)
    _ = unsafe mkdtemp(&template)
    folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    _ = try Folder.make(folder + "/in")
  }

  private var list: String { folder + "/finished" }

  private func open(bytes: Int = 1 << 20, growth: Int = 1 << 20) throws(Errno) -> FinishedFiles {
    var limits = FinishedFiles.Limits()
    (limits.bytes, limits.growth) = (bytes, growth)
    return try FinishedFiles(in: folder, limits)
  }

  @discardableResult
  private func write(_ name: String, _ bytes: [UInt8] = [1]) throws -> String {
    let path = "\(folder)/in/\(name)"
    let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
    try file.write(bytes, at: 0)
    return path
  }

  @discardableResult
  private func finish(_ name: String, _ files: FinishedFiles) throws -> Bool {
    files.expect(try write(name), label: "in/\(name)")
    return try files.finish("in/\(name)")
  }

  private func knows(_ name: String, _ files: FinishedFiles) -> Bool {
    files.contains("\(folder)/in/\(name)", label: "in/\(name)")
  }

  private func size() throws -> Int { try Descriptor.open(list, O_RDONLY).size }

  @Test func whatIsDoneIsKnownAfterARestartUntilItChanges() throws {
    let files = try open()
    let path = try write("a.mp4")
    files.expect(path, label: "in/a.mp4")
    #expect(files.isExpected("in/a.mp4") && !knows("a.mp4", files))
    var isDone = false
    #expect(try files.finish("in/a.mp4") { isDone = true })
    #expect(isDone)
    #expect(!files.isExpected("in/a.mp4") && knows("a.mp4", files))
    #expect(!files.contains(path, label: "other"))
    #expect(knows("a.mp4", try open()))
    try write("a.mp4", [1, 2])
    #expect(!knows("a.mp4", files))
    #expect(!knows("a.mp4", try open()))
  }

  @Test func whatChangedWhileItWasReadIsNotDone() throws {
    let files = try open()
    files.expect(try write("a.mp4"), label: "in/a.mp4")
    try write("a.mp4", [1, 2])
    #expect(try files.finish("in/a.mp4"))
    #expect(!knows("a.mp4", files))
  }

  @Test func whatWasGivenUpDoesNotFinish() throws {
    let files = try open()
    files.expect(try write("a.mp4"), label: "in/a.mp4")
    files.abandon("in/a.mp4")
    #expect(try !files.finish("in/a.mp4"))
    #expect(try !files.finish("in/never.mp4"))
    #expect(!knows("a.mp4", files))
  }

  @Test(arguments: ["a\tb\nc\\d", "\\n", "\r\n", "ü ", "\\"])
  func namesMayHoldWhatSeparatesNames(_ name: String) throws {
    let files = try open()
    try finish(name, files)
    try finish("next", files)
    let again = try open()
    #expect(knows(name, again) && knows("next", again))
  }

  @Test func aTornLineCostsOnlyItself() throws {
    let files = try open()
    for name in ["a", "b"] { try finish(name, files) }
    let whole = try size()
    try Descriptor.open(list, O_WRONLY).truncate(to: whole - 3)
    let again = try open()
    #expect(knows("a", again) && !knows("b", again))
    try finish("c", again)
    let last = try open()
    #expect(knows("a", last) && knows("c", last))
  }

  /// A directory that gets a file every second, each taken away when it is done with.
  @Test func whatIsGoneIsForgottenAndTheFileStaysSmall() throws {
    let files = try open(growth: 4096)
    for number in 0..<2000 {
      try finish("\(number)", files)
      if number % 100 != 0 { try Folder.remove("\(folder)/in/\(number)") }
      try files.tidy(folder + "/in")
      #expect(try size() < 16384)
    }
    #expect(files.figures.files < 200)
    #expect(files.figures.dropped > 1800)
    #expect(files.figures.unnoted == 0)
    let again = try open()
    #expect(again.figures.files == 20)
    for number in stride(from: 0, to: 2000, by: 100) { #expect(knows("\(number)", again)) }
  }

  @Test func beyondTheBoundNothingIsRememberedAndThatIsCounted() throws {
    let files = try open(bytes: 2048, growth: 256)
    let noted = try (0..<100).filter { try finish("\($0)", files) }
    #expect(noted == Array(0..<noted.count) && noted.count > 5 && noted.count < 60)
    #expect(files.figures.files == noted.count && files.figures.unnoted == Int64(100 - noted.count))
    #expect(try size() <= 2048)
    for number in noted { try Folder.remove("\(folder)/in/\(number)") }
    try files.tidy(folder + "/elsewhere")
    #expect(files.figures.files == noted.count)
    try files.tidy(folder + "/in")
    #expect(files.figures.files == 0)
    let later = try (100..<120).filter { try finish("\($0)", files) }
    #expect(later.count > 10)
  }

  /// Its disk may not be mounted yet.
  @Test func whatLiesInAFolderThatIsMissingIsRemembered() throws {
    try finish("a", try open())
    try Folder.rename(folder + "/in", to: folder + "/away")
    #expect(try open().figures.files == 1)
    try Folder.rename(folder + "/away", to: folder + "/in")
    #expect(knows("a", try open()))
  }

  /// As on another device: its number changes from start to start, or nothing is mounted there.
  @Test func theDevicesNumberDoesNotMatter() throws {
    try finish("a", try open())
    let text = String(decoding: try Descriptor.open(list, O_RDONLY).readSome(4096), as: UTF8.self)
    let moved = "1" + text
    try Descriptor.open(list, O_WRONLY | O_TRUNC).write(Array(moved.utf8), at: 0)
    #expect(knows("a", try open()))
    try Descriptor.open(list, O_WRONLY | O_TRUNC).write(Array(moved.utf8), at: 0)
    try Folder.rename(folder + "/in/a", to: folder + "/a")
    #expect(try open().figures.files == 1)
  }

  @Test func aListThatCannotBeWrittenIsWrittenAnewLater() throws {
    let files = try open()
    try finish("a", files)
    try Folder.remove(list)
    #expect(throws: Errno.self) { try finish("b", files) }
    #expect(files.figures.unnoted == 1)
    #expect(try finish("c", files))
    let again = try open()
    #expect(knows("a", again) && knows("b", again) && knows("c", again))
  }

  @Test func aFolderThatIsNotThereIsTold() {
    #expect(throws: Errno(code: ENOENT)) { try FinishedFiles(in: folder + "/nowhere") }
  }
}
