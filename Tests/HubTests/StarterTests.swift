import Testing

@testable import Hub

@Suite struct StarterTests {
  private let folder: Folder
  private var recipe: String { "\(folder.path)/starter.yaml" }

  init() throws { folder = try Folder() }

  /// Of a starter whose weights are there already, beside a recipe.
  private func run() throws -> Pull.Outcome {
    try Disk.makeFolder("\(folder.path)/starter")
    try Disk.write("starter@1\n", to: "\(folder.path)/starter/.pulled")
    return try Starter(into: folder.path, goesOn: { false }, report: { _ in }).run()
  }

  @Test func aRecipeThatIsMissingIsWritten() throws {
    #expect(try run() == Pull.Outcome(version: "1", wasThere: true, remark: nil))
    let text = try #require(Disk.read(recipe))
    #expect(text.contains("name: starter"))
    #expect(try run().remark == nil && Disk.read(recipe) == text)
  }

  @Test func aRecipeThatWasChangedIsLeftAsItIsAndThatIsSaid() throws {
    _ = try run()
    let mine = try #require(Disk.read(recipe)) + "# 4 pictures per second are enough\n"
    try Disk.write(mine, to: recipe)
    let remark = try #require(try run().remark)
    #expect(remark.contains("starter.yaml") && Disk.read(recipe) == mine)
  }

  @Test func anotherRecipeOfTheNameIsNotTaken() throws {
    try Disk.write("name: mine\n", to: recipe)
    #expect(throws: HubError.self) { try run() }
    #expect(Disk.read(recipe) == "name: mine\n")
  }
}
