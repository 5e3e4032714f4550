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

  private func open(bytes: Int = 1 << 20, growth: Int = 1 << 20, gone: Int = 1 << 20) throws(Errno) -> FinishedFiles {
    var limits = FinishedFiles.Limits()
    (limits.bytes, limits.growth, limits.gone) = (bytes, growth, gone)
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
    try begin(name, files)
    return try files.finish("in/\(name)")
  }

  @discardableResult
  private func begin(_ name: String, _ files: FinishedFiles, _ bytes: [UInt8] = [1]) throws -> Int32 {
    try files.begin(try write(name, bytes), label: "in/\(name)", atLeast: 0)
  }

  private func knows(_ name: String, _ files: FinishedFiles) -> Bool {
    files.contains("\(folder)/in/\(name)", label: "in/\(name)")
  }

  private func size() throws -> Int { try Descriptor.open(list, O_RDONLY).size }

  @Test func whatIsDoneIsKnownAfterARestartUntilItChanges() throws {
    let files = try open()
    let path = try write("a.mp4")
    _ = try files.begin(path, label: "in/a.mp4", atLeast: 0)
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
    try begin("a.mp4", files)
    try write("a.mp4", [1, 2])
    #expect(try files.finish("in/a.mp4"))
    #expect(!knows("a.mp4", files))
  }

  @Test func whatWasGivenUpDoesNotFinish() throws {
    let files = try open()
    try begin("a.mp4", files)
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
    let files = try open(growth: 4096, gone: 1024)
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
    try again.sweep()
    #expect(again.figures.files == 20)
    for number in stride(from: 0, to: 2000, by: 100) { #expect(knows("\(number)", again)) }
  }

  @Test func beyondTheBoundNothingIsRememberedAndThatIsCounted() throws {
    let files = try open(bytes: 2048, growth: 256)
    let noted = try (0..<100).filter { try finish("\($0)", files) }
    #expect(noted == Array(0..<noted.count) && noted.count > 5 && noted.count < 60)
    #expect(files.figures.files == noted.count && files.figures.unnoted == Int64(100 - noted.count))
    #expect(try size() <= 2 * 2048 + 256)
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
    let files = try open()
    try files.sweep()
    #expect(files.figures.files == 1)
    try Folder.rename(folder + "/away", to: folder + "/in")
    #expect(knows("a", files))
  }

  /// As on another device: its number changes from start to start, or nothing is mounted there.
  @Test func theDevicesNumberDoesNotMatter() throws {
    try finish("a", try open())
    let text = String(decoding: try Descriptor.open(list, O_RDONLY).readSome(4096), as: UTF8.self)
    let moved = text.split(separator: "\n").map { "1\($0)\n" }.joined()
    try Descriptor.open(list, O_WRONLY | O_TRUNC).write(Array(moved.utf8), at: 0)
    #expect(knows("a", try open()))
    try Descriptor.open(list, O_WRONLY | O_TRUNC).write(Array(moved.utf8), at: 0)
    try Folder.rename(folder + "/in/a", to: folder + "/a")
    let files = try open()
    try files.sweep()
    #expect(files.figures.files == 1)
  }

  @Test func aListThatCannotBeWrittenIsWrittenAnewLater() throws {
    let files = try open()
    try finish("a", files)
    try begin("b", files)
    try Folder.remove(list)
    #expect(throws: Errno.self) { try files.finish("in/b") }
    #expect(files.figures.unnoted == 1)
    #expect(try finish("c", files))
    let again = try open()
    #expect(knows("a", again) && knows("b", again) && knows("c", again))
  }

  @Test func whatCouldNotBeNotedIsNotTakenForNoted() throws {
    let files = try open()
    try finish("a", files)
    try Folder.remove(list)
    #expect(throws: Errno.self) { try begin("b", files) }
    #expect(try files.begin(folder + "/in/b", label: "in/b", atLeast: 0) == 0)
    #expect(try open().nextEpoch(of: "in/b") == 1)
    try Folder.remove(list)
    #expect(throws: Errno.self) { try files.reach(7, label: "in/b") }
    try files.reach(7, label: "in/b")
    #expect(try open().nextEpoch(of: "in/b") >= 8)
  }

  /// As on a full disk, where it would take the room that is wanted.
  @Test func aDraftThatCannotTakeTheNameDoesNotStay() throws {
    let files = try open()
    try finish("a", files)
    try Folder.remove(list)
    _ = try Folder.make(list)
    for _ in 0..<2 {
      #expect(throws: Errno.self) { try begin("b", files) }
      #expect(try Folder.names(folder).sorted() == ["finished", "in"])
    }
    unsafe rmdir(list)
    #expect(try finish("b", files))
    let again = try open()
    #expect(knows("a", again) && knows("b", again))
  }

  @Test func aFolderThatIsNotThereIsTold() {
    #expect(throws: Errno(code: ENOENT)) { try FinishedFiles(in: folder + "/nowhere") }
  }

  // MARK: Epochs

  @Test func aFileGoesOnInItsEpochsAndAnotherOneOfItsNameBeginsBehindThem() throws {
    let files = try open()
    #expect(try begin("a", files) == 0)
    try files.reach(0, label: "in/a")
    try files.reach(1, label: "in/a")
    let path = folder + "/in/a"
    #expect(try open().begin(path, label: "in/a", atLeast: 0) == 0, "killed, and begun again")
    let again = try open()
    let next = try begin("a", again, [1, 2])
    #expect(next >= 2, "killed, and changed meanwhile")
    #expect(try again.finish("in/a"))
    #expect(try begin("a", open(), [1, 2, 3]) == next + 1)
  }

  @Test func anotherAddressOfASourceIsAnotherFile() throws {
    let files = try open()
    _ = try files.begin(try write("a"), label: "film", atLeast: 0)
    files.abandon("film")
    #expect(try files.begin(try write("b", [1, 2]), label: "film", atLeast: 0) == 1)
    #expect(try files.finish("film"))
    #expect(try files.begin("\(folder)/in/a", label: "film", atLeast: 0) == 2, "back again")
    #expect(files.nextEpoch(of: "film") == 3 && files.nextEpoch(of: "other") == 0)
  }

  @Test func whatOthersKnowToBeInUseIsLeftAlone() throws {
    let files = try open()
    #expect(try files.begin(try write("a"), label: "a", atLeast: 7) == 7)
    #expect(try open().begin(folder + "/in/a", label: "a", atLeast: 9) == 7, "its own are its own")
    #expect(try files.begin(folder + "/in/none", label: "a", atLeast: 0) == 8)
  }

  @Test func manyEpochsOfAFileDoNotWaitForTheDiskEach() throws {
    let files = try open()
    try begin("a", files)
    let before = try size()
    for epoch in 0..<5000 { try files.reach(Int32(epoch), label: "in/a") }
    #expect(try size() - before < 20 * 200)
    #expect(try begin("a", open(), [1, 2]) >= 5000)
    #expect(try files.finish("in/a"))
    #expect(try begin("a", open(), [1, 2]) == 5000, "how many they were is known at the end")
  }

  @Test func theEpochsOfWhatIsGoneAreRemembered() throws {
    let files = try open()
    try finish("a", files)
    try Folder.remove(folder + "/in/a")
    try files.sweep()
    #expect(files.figures.files == 0 && files.figures.dropped == 1)
    for each in [files, try open()] {
      #expect(each.nextEpoch(of: "in/a") == 1)
      #expect(try begin("b", each) == 0)
    }
    #expect(try begin("a", open()) == 1)
  }

  @Test func beyondTheirBoundNewNamesBeginBehindTheEpochsOfTheOldest() throws {
    let files = try open(gone: 1024)
    var used: [Int: Int32] = [:]
    for turn in 0..<200 {
      let number = turn % 80
      let first = try begin("\(number)", files)
      #expect(first >= used[number] ?? 0)
      used[number] = first + 1
      try files.finish("in/\(number)")
      try Folder.remove("\(folder)/in/\(number)")
      try files.sweep()
    }
    for each in [files, try open(gone: 1024)] {
      for (number, next) in used { #expect(each.nextEpoch(of: "in/\(number)") >= next) }
      #expect((1..<20).contains(each.nextEpoch(of: "in/new")), "it may have been one of them")
    }
    #expect(try size() < 2048)
  }

  @Test func aFileThatTookThePlaceOfAnotherIsSeen() throws {
    let files = try open()
    try begin("a", files)
    #expect(files.isInPlace("in/a"))
    try write("a", [1, 2])
    #expect(files.isInPlace("in/a"), "it only grew")
    try write("b")
    try Folder.rename(folder + "/in/b", to: folder + "/in/a")
    #expect(!files.isInPlace("in/a"))
  }

  @Test func thereIsAnEndOfEpochs() throws {
    let files = try open()
    let path = try write("a")
    #expect(throws: Errno(code: EOVERFLOW)) { try files.begin(path, label: "a", atLeast: .max) }
    #expect(try files.begin(path, label: "a", atLeast: .max - 1) == .max - 1)
    #expect(throws: Errno(code: EOVERFLOW)) { try files.reach(.max, label: "a") }
  }
}
