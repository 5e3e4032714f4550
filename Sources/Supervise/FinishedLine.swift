/// `MARK STATE FIRST NEXT LABEL PATH`, with tabs between, and backslashes before what would separate. The state is
/// `open` or `done`. Of what is gone the mark is `-`; without a label that is the floor of all names not remembered.
enum FinishedLine {
  static func bytes(_ label: String, _ entry: FinishedList.Entry) -> [UInt8] {
    let place = "\(entry.mark?.text ?? "-")\t\(entry.isDone ? "done" : "open")\t\(entry.first)\t\(entry.next)"
    return Array("\(place)\t\(escaped(label))\t\(escaped(entry.path))\n".utf8)
  }

  static func read(_ line: ArraySlice<UInt8>) -> FinishedList.Known? {
    let parts = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
    guard parts.count == 6 else { return nil }
    let words = parts.prefix(4).map { String(decoding: $0, as: UTF8.self) }
    let mark = FileMark(text: words[0])
    guard mark != nil || words[0] == "-", let first = Int32(words[2]), let next = Int32(words[3]), first >= 0,
      next >= first, ["open", "done"].contains(words[1])
    else { return nil }
    return (
      unescaped(parts[4]),
      FinishedList.Entry(path: unescaped(parts[5]), mark: mark, first: first, next: next, isDone: words[1] == "done")
    )
  }

  private static func escaped(_ name: String) -> String {
    var text = ""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  private static func unescaped(_ text: ArraySlice<UInt8>) -> String {
    var name: [UInt8] = []
    var isEscaped = false
    for byte in text {
      if isEscaped {
        name.append(byte == UInt8(ascii: "n") ? 0x0A : byte == UInt8(ascii: "t") ? 0x09 : byte)
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else {
        name.append(byte)
      }
    }
    return String(decoding: name, as: UTF8.self)
  }
}
