/// The classes of scalars by which the reference cuts text. Each comes from a library that knows Unicode up to a
/// version of its own; what is younger counts as unassigned there, and so it does here.
extension Unicode.Scalar {
  /// Whether Unicode had this scalar in a version.
  func isKnown(in version: UnicodeVersion) -> Bool {
    if value < 0x180 { return true }
    guard let age = properties.age else { return false }
    return (age.major, age.minor) <= (version.major, version.minor)
  }

  /// As `version` has it.
  private func category(in version: UnicodeVersion) -> Unicode.GeneralCategory {
    switch value {
    // Moved in the versions 11 and 12.
    case 0x166D, 0x111C9: if version.major < 11 { return .otherPunctuation }
    case 0x1CF2...0x1CF3: if version.major < 11 { return .spacingMark }
    default: break
    }
    return isKnown(in: version) ? properties.generalCategory : .unassigned
  }

  /// `\s`: the property White_Space.
  var isSpace: Bool {
    isASCII ? value == 0x20 || 0x09...0x0D ~= value : properties.isWhitespace
  }

  /// `\p{L}`.
  var isLetter: Bool {
    if isASCII { return 0x61...0x7A ~= value | 0x20 }
    return switch category(in: .oniguruma) {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  /// `\p{N}`.
  var isNumber: Bool {
    isASCII ? 0x30...0x39 ~= value : category(in: .oniguruma).isNumber
  }

  /// `\w` of UTS #18: Alphabetic, M, Nd, Pc, Join_Control.
  var isWord: Bool {
    if isASCII { return isLetter || isNumber || value == 0x5F }
    return switch category(in: .regex) {
    case .unassigned: false
    case .decimalNumber, .connectorPunctuation: true
    case let category where category.isMark: true
    default: properties.isAlphabetic || properties.isJoinControl
    }
  }

  /// Rust's `is_numeric`: Nd, Nl, No.
  var isNumeric: Bool {
    isASCII ? isNumber : properties.generalCategory.isNumber
  }

  /// ASCII that is neither letter, digit, space nor control, and the categories P beyond.
  var isPunctuation: Bool {
    if isASCII { return 0x21...0x7E ~= value && !isLetter && !isNumber }
    return switch category(in: .categories) {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
      .finalPunctuation, .otherPunctuation:
      true
    default: false
    }
  }

  /// The categories C, but for unassigned.
  var isOther: Bool {
    if isASCII { return value < 0x20 || value == 0x7F }
    return switch category(in: .categories) {
    case .control, .format, .surrogate, .privateUse: true
    default: false
    }
  }

  /// The categories M.
  var isMark: Bool { !isASCII && category(in: .normalization).isMark }

  /// Mn.
  var isNonspacingMark: Bool { !isASCII && category(in: .categories) == .nonspacingMark }
}

extension Unicode.GeneralCategory {
  fileprivate var isNumber: Bool { self == .decimalNumber || self == .letterNumber || self == .otherNumber }
  fileprivate var isMark: Bool { self == .nonspacingMark || self == .spacingMark || self == .enclosingMark }
}

/// The versions of Unicode that the libraries behind `tokenizers` 0.23 know.
struct UnicodeVersion {
  let major: Int
  let minor: Int

  /// Oniguruma 6.9.10: `\p{L}` and `\p{N}`.
  static let oniguruma = UnicodeVersion(major: 16, minor: 0)
  /// `regex`: `\w`.
  static let regex = UnicodeVersion(major: 16, minor: 0)
  /// `unicode_categories` 0.1.
  static let categories = UnicodeVersion(major: 8, minor: 0)
  /// `unicode-normalization-alignments` 0.1.
  static let normalization = UnicodeVersion(major: 9, minor: 0)
}
