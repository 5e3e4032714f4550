import Glibc
import Media

/// The inputs of a command: files, URLs, `-`, and the media files of directories.
struct Inputs {
  /// One thing to read and the name that its records carry.
  struct Input: Sendable {
    let path: String
    let label: String
  }

  private(set) var all: [Input] = []

  /// Directories are walked to the bottom, in byte order.
  /// - Throws: `Failure` 66 for a directory without any media file, 64 for a name that does not fit.
  init(_ arguments: [String], name: String?, shard: ShardText?) throws {
    var paths: [String] = []
    for argument in arguments {
      guard argument != "-", isDirectory(argument) else {
        paths.append(argument)
        continue
      }
      let files = try mediaFiles(below: argument)
      guard !files.isEmpty else {
        throw Failure(message: "\(shown(argument)): no media files in this directory", exitCode: 66)
      }
      paths += files
    }
    if name != nil, paths.count != 1 { throw Failure.usage("--name goes with one input, these are \(paths.count)") }
    let mine = paths.enumerated().filter { n, _ in shard.map { n % $0.count == $0.index } ?? true }.map(\.element)
    all = mine.map { Input(path: $0, label: name ?? shown($0)) }
  }
}

/// A name as it may be shown and recorded: credentials removed, bytes that are not UTF-8 percent-encoded.
func shown(_ name: String) -> String { AddressText.withoutUser(PathText.written(name)) }

/// Endings of the files that FFmpeg is asked to read in a directory; a file given by name needs none of them.
private let mediaEndings: Set<String> = [
  "3g2", "3gp", "aac", "ac3", "aif", "aiff", "amr", "asf", "au", "avi", "bmp", "caf", "dv", "eac3", "f4v", "flac",
  "flv",
  "gif", "h264", "hevc", "ivf", "jpeg", "jpg", "m2ts", "m2v", "m4a", "m4b", "m4v", "mj2", "mka", "mkv", "mov", "mp2",
  "mp3", "mp4", "mpeg", "mpg", "mts", "mxf", "nut", "oga", "ogg", "ogv", "opus", "png", "rm", "rmvb", "tif", "tiff",
  "ts",
  "tta", "vob", "wav", "webm", "webp", "wma", "wmv", "wv", "y4m",
]

/// The media files of a directory, to the bottom. A directory below it that cannot be read stands for itself, and
/// fails when its turn comes.
/// - Throws: `Failure` 66 when the directory itself cannot be read.
private func mediaFiles(below directory: String) throws -> [String] {
  do throws(FileProblem) { return try entries(of: directory).flatMap { mediaFiles(at: join(directory, $0)) } } catch {
    throw Failure(message: "\(error)", exitCode: 66)
  }
}

private func mediaFiles(at path: String) -> [String] {
  // A linked directory is not entered: links may lead back.
  if isDirectory(path) { return isLink(path) ? [] : (try? mediaFiles(below: path)) ?? [path] }
  let name = lastComponent(path)
  let ending = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
  return mediaEndings.contains(ending) && name.contains(".") ? [path] : []
}

private func join(_ directory: String, _ name: String) -> String {
  directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
}
