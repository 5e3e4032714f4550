/// The words of an ASS event (`ReadOrder,Layer,Style,Name,MarginL,MarginR,MarginV,Effect,Text`), without
/// override blocks, drawings, HTML-like tags and control escapes.
func plainText(ofASS event: String) -> String {
  let fields = event.split(separator: ",", maxSplits: 8, omittingEmptySubsequences: false)
  guard fields.count == 9 else { return "" }
  var plain = ""
  var override: String?
  var isTag = false
  var isDrawing = false
  var characters = fields[8].makeIterator()
  while let character = characters.next() {
    switch character {
    case "{": override = ""
    case "}" where override != nil:
      isDrawing = drawingMode(override!) ?? isDrawing
      override = nil
    case _ where override != nil: override!.append(character)
    case "<": isTag = true
    case ">" where isTag: isTag = false
    case _ where isTag || isDrawing: break
    case "\\":
      guard let escaped = characters.next() else { break }
      if "Nnh".contains(escaped) { plain.append(" ") } else { plain += ["\\", escaped] }
    case "\r", "\n", "\r\n", "\t": plain.append(" ")
    default: plain.append(character)
    }
  }
  return plain.split(separator: " ").joined(separator: " ")
}

/// Whether an override block (`\p1`, `\p0`) turns drawing on or off; nil when it says nothing of it.
private func drawingMode(_ override: String) -> Bool? {
  let tags = override.split(separator: "\\")
  let mode = tags.last { $0.first == "p" && $0.count > 1 && $0.dropFirst().allSatisfy(\.isNumber) }
  return mode.map { $0 != "p0" }
}
