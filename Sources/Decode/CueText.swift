/// The words of an ASS event (`ReadOrder,Layer,Style,Name,MarginL,MarginR,MarginV,Effect,Text`), without
/// override blocks, drawings, HTML-like tags and control escapes.
func plainText(ofASS event: String) -> String {
  let fields = event.split(separator: ",", maxSplits: 8, omittingEmptySubsequences: false)
  guard fields.count == 9 else { return "" }
  let characters = Array(fields[8])
  var plain = ""
  var isDrawing = false
  var at = 0
  while at < characters.count {
    let rest = characters[at...]
    if rest.first == "{", let end = rest.firstIndex(of: "}") {
      isDrawing = drawingMode(String(characters[at + 1..<end])) ?? isDrawing
      at = end + 1
    } else if let end = tagEnd(rest) {
      at = end + 1
    } else if rest.first == "\\", rest.count > 1, "Nnh".contains(characters[at + 1]) {
      plain.append(" ")
      at += 2
    } else {
      if !isDrawing { plain.append(characters[at].isWhitespace ? " " : characters[at]) }
      at += 1
    }
  }
  return plain.split(separator: " ").joined(separator: " ")
}

/// Where an HTML-like tag that begins here ends; nil for a mere `<`.
private func tagEnd(_ text: ArraySlice<Character>) -> Int? {
  guard text.first == "<", let next = text.dropFirst().first, next.isLetter || next == "/" else { return nil }
  return text.firstIndex(of: ">")
}

/// Whether an override block (`\p1`, `\p0`) turns drawing on or off; nil when it says nothing of it.
private func drawingMode(_ override: String) -> Bool? {
  let tags = override.split(separator: "\\")
  let mode = tags.last { $0.first == "p" && $0.count > 1 && $0.dropFirst().allSatisfy(\.isNumber) }
  return mode.map { $0 != "p0" }
}
