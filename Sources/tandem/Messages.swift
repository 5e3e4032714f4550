import Glibc

/// Lines for people, on standard error.
enum Messages {
  /// Writes for a service, once it is started.
  static let service = ServiceLog()

  static func error(_ text: String) { line("tandem: \(text)") }
  static func warning(_ text: String) { line("tandem: warning: \(text)") }

  static func line(_ text: String) {
    let oneLine = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    write(oneLine + "\n")
  }

  /// As it is, in one piece.
  static func write(_ text: String) {
    let bytes = Array(text.utf8)
    if !service.take(bytes) { writeNow(bytes[...]) }
  }

  /// Waits until all of it is taken, or refused.
  static func writeNow(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
