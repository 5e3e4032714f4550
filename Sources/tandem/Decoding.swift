import Media
import Seam

/// The program that reads and decodes for all commands.
enum Decoding {
  /// `TANDEM_DECODE` names another one.
  static let program = DecodeProgram(path: environment("TANDEM_DECODE"), version: Version.text)
}
