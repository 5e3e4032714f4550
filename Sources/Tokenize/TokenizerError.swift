/// Why a tokenizer could not be made. One line that names the file and the place in it:
/// `clip/tokenizer.json: model.vocab["cat"]: not an id between 0 and 16777215`.
package enum TokenizerError: Error, Hashable, Sendable {
  /// The file is absent, no regular file, too large or cannot be read.
  case unreadable(file: String, why: String)
  /// The file is not JSON.
  case malformed(file: String, offset: Int, why: String)
  /// A value is absent, of another type, out of range or at odds with another.
  case wrong(file: String, place: String, why: String)
  /// A part that this room does not know.
  case unsupported(file: String, place: String, what: String)
}

extension TokenizerError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unreadable(let file, let why): "\(file): \(why)"
    case .malformed(let file, let offset, let why): "\(file): not JSON at byte \(offset): \(why)"
    case .wrong(let file, let place, let why): "\(file): \(place): \(why)"
    case .unsupported(let file, let place, let what): "\(file): \(place): unsupported \(what)"
    }
  }
}

/// Text out of a file, fit for one line of an error: short and without controls.
func quoted(_ bytes: some Collection<UInt8>) -> String {
  let longest = 80
  let shown = String(decoding: bytes.prefix(longest), as: UTF8.self).unicodeScalars.map { scalar in
    scalar.value < 0x20 || scalar.value == 0x7F ? "\u{FFFD}" : String(scalar)
  }
  return "\"" + shown.joined() + (bytes.count > longest ? "…" : "") + "\""
}
