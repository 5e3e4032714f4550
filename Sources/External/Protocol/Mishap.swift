import FoundationEssentials

/// Something that went wrong with a program, for people, and the name under which it is counted.
struct Mishap: Error, Equatable {
  enum Kind: String {
    /// It could not be started, or did not say what it is.
    case handshake
    case timeout
    case exit
    /// Its output ended though it lives.
    case closed
    /// What came is no answer: from here on nobody can tell where the next begins.
    case garbage
    /// The vector has another length than the handshake says.
    case size
    case notFinite = "not_finite"
    /// It said so itself.
    case error
    case unknownID = "unknown_id"
    case repeatedID = "repeated_id"
    /// It has been given up.
    case down
  }

  let kind: Kind
  let reason: String

  init(_ kind: Kind, _ reason: String) {
    self.kind = kind
    self.reason = reason
  }
}

/// Some bytes as they may be shown: quoted, printable, short.
func excerpt(_ bytes: some Sequence<UInt8>) -> String {
  let shown = Array(bytes.prefix(60))
  let text = printable(String(decoding: shown, as: UTF8.self))
  return "\"\(text)\(shown.count == 60 ? "…" : "")\""
}

/// Without what moves a terminal's cursor or colours it.
func printable(_ text: String) -> String {
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
    result.append(!isControl ? scalar : scalar == "\t" ? " " : "\u{FFFD}")
  }
  return String(result)
}

/// JSON with its keys in order of their bytes.
func jsonLine(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  guard let data = try? encoder.encode(value) else { preconditionFailure("whole numbers and texts can be written") }
  return String(decoding: data, as: UTF8.self)
}
