import Config
import Glibc

/// What a source is, by what its configuration says and what lies at its address.
enum SourceNature {
  /// Without an end; a named pipe is one too, and a file that begins again.
  case stream(isPipe: Bool)
  case file(String)
  case directory(String)

  private static let ofFiles = "file://"

  init(_ config: SourceConfig, _ credentials: Credentials) {
    // An address that lacks its credential says so when it is opened.
    let address = (try? config.url.filled(credentials)) ?? ""
    let path = address.hasPrefix(Self.ofFiles) ? String(address.dropFirst(Self.ofFiles.count)) : address
    switch config.kind {
    case .live: self = .stream(isPipe: fileKind(path) == S_IFIFO)
    case .file: self = config.loop ? .stream(isPipe: true) : .file(path)
    case .directory: self = .directory(path)
    case .auto:
      switch fileKind(path) {
      case _ where address == path && config.url.isURL: self = .stream(isPipe: false)
      case S_IFIFO: self = .stream(isPipe: true)
      case S_IFDIR: self = .directory(path)
      default: self = config.loop ? .stream(isPipe: true) : .file(path)
      }
    }
  }
}
