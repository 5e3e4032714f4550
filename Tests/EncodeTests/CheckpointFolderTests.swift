import Foundation
import Glibc
import Linear
import Testing

@testable import Encode

/// Files that are there count, whether they can be read or not.
@Suite struct CheckpointFolderTests {
  /// A link to itself: as unreadable as a file can be for everybody.
  @Test(arguments: [
    ("clip", "preprocessor_config.json"), ("clip", "processor_config.json"), ("clip", "tokenizer.json"),
    ("siglip", "tokenizer.json"), ("clap", "tokenizer.json"), ("bert", "modules.json"),
    ("bert", "sentence_bert_config.json"),
  ])
  func aFileThatCannotBeReadIsNotAbsent(_ golden: String, _ file: String) throws {
    let changed = try ChangedCheckpoint(golden)
    unlink("\(changed.path)/\(file)")
    #expect(symlink(file, "\(changed.path)/\(file)") == 0)
    let said = try #require(changed.complaint { folder, engine in try Towers.load(folder, engine) })
    #expect(said.contains("\(file): Too many levels of symbolic links"), "\(said)")
  }

  @Test func whatIsNotThereIsAbsent() throws {
    let changed = try ChangedCheckpoint("clip")
    let folder = try CheckpointFolder(changed.path)
    #expect(try folder.has("config.json") && !folder.has("other.json") && !folder.has("config.json/inside"))
    #expect(symlink("nowhere", "\(changed.path)/dangling.json") == 0)
    #expect(try !folder.has("dangling.json"))
    #expect(try folder.optional([String: Setting].self, "other.json", "dangling.json") == nil)
  }

  /// Not waited for, and not read whole.
  @Test(.timeLimit(.minutes(1))) func onlyASmallRegularFileIsAConfiguration() throws {
    let changed = try ChangedCheckpoint("clip")
    let folder = try CheckpointFolder(changed.path)
    #expect(mkfifo("\(changed.path)/pipe.json", 0o600) == 0)
    #expect(said(folder, "pipe.json") == "\(changed.path)/pipe.json: is not a regular file")
    let file = fopen("\(changed.path)/vast.json", "w")!
    #expect(ftruncate(fileno(file), 1 << 40) == 0)
    fclose(file)
    #expect(said(folder, "vast.json") == "\(changed.path)/vast.json: is too large for a configuration")
  }

  private func said(_ folder: CheckpointFolder, _ name: String) -> String? {
    do {
      _ = try folder.optional([String: Setting].self, name)
      return nil
    } catch { return error.description }
  }
}
