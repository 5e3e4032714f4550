/// Values in messages: short, printable, and never what may be a secret.
enum Quoted {
  private static let longest = 48

  /// The name of a variable.
  static func name(_ name: String) -> String {
    let isPlain = name.utf8.allSatisfy { $0 == UInt8(ascii: "_") || isDigit($0) || (0x41...0x5A).contains($0) }
    return isPlain && name.utf8.count <= longest ? name : "the environment"
  }

  /// `'soon'`; `this` where the text may hold a credential, is long, or is no plain print.
  static func text(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { (0x20..<0x7F).contains($0) } && text.utf8.count <= longest
    let isOpen = !["@", "://", "${"].contains { text.contains($0) }
    return isPlain && isOpen ? "'\(text)'" : "this"
  }
}
