import Testing

@testable import Hub

@Suite struct StagingTests {
  private let folder: Folder
  private var root: String { folder.path }
  private var place: String { "\(root)/org/name" }
  private var staging: String { "\(root)/org/.name.pulling" }

  init() throws { folder = try Folder() }

  private func write(_ text: String, to path: String) throws {
    try Disk.makeFolder(String(path[..<path.lastIndex(of: "/")!]))
    try Disk.write(text, to: path)
  }

  private func publish(_ version: String) throws {
    let staging = try Staging(for: place)
    try staging.resume("note of \(version)", version)
    try write(version, to: "\(staging.files)/\(version)")
    try staging.publish(version)
  }

  @Test func aVersionTakesThePlaceOfTheOneBefore() throws {
    for version in ["a", "b"] {
      try publish(version)
      #expect(Disk.entries(of: place).sorted() == [".pulled", version])
      #expect(Disk.entries(of: "\(root)/org") == ["name"])
    }
  }

  @Test func whatAKilledPullLeftOfAnEarlierVersionIsNoHindrance() throws {
    try publish("a")
    try write("rest of z", to: "\(staging)/earlier/model")
    try publish("b")
    #expect(try Mark.isThere("b", at: place) && !Disk.exists(staging))
  }

  @Test func anEarlierVersionIsNotGoneBetweenTwoSteps() throws {
    try publish("a")
    // As a process leaves it that was killed between the two renames.
    try write("", to: "\(staging)/lock")
    try Disk.rename(place, to: "\(staging)/earlier")
    _ = try Staging(for: place)
    #expect(try Mark.isThere("a", at: place))
  }

  @Test func filesOfTheEarlierVersionAreNotGoneOnFrom() throws {
    try write("note of b", to: "\(staging)/note")
    try write("a\n", to: "\(staging)/files/.pulled")
    try write("a", to: "\(staging)/files/a")
    try publish("b")
    #expect(Disk.entries(of: place).sorted() == [".pulled", "b"])
  }

  @Test(arguments: [nil, "note of a"])
  func whatIsLeftBesideACompleteModelIsSwept(_ note: String?) throws {
    try publish("a")
    try write("half", to: "\(staging)/files/x")
    if let note { try write(note, to: "\(staging)/note") }
    try Staging.sweep(place, "note of a")
    #expect(!Disk.exists(staging) && Disk.exists("\(place)/a"))
  }

  @Test func whatWasFetchedOfAnotherVersionIsNotSwept() throws {
    try publish("a")
    try write("half", to: "\(staging)/files/x")
    try write("note of b", to: "\(staging)/note")
    try Staging.sweep(place, "note of a")
    #expect(Disk.read("\(staging)/files/x") == "half")
  }

  @Test func nothingIsSweptWhileItsOwnerIsAtIt() throws {
    try publish("a")
    let owner = try Staging(for: place)
    #expect(throws: HubError.self) { try Staging(for: place) }
    try Staging.sweep(place, "note of a")
    #expect(Disk.exists(staging))
    owner.discard()
  }

  @Test func noModelCanBeCalledLikeAFolderThatGrows() {
    #expect(RepositoryName(String(staging.dropFirst(root.count + 1))) == nil)
  }
}
