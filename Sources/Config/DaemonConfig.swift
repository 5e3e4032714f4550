package import Media

/// All that the daemon is told: plain values, each with a default. `DaemonSettings.swift` has their spelling and
/// bounds, `configs/tandem.yaml` the reasons.
package struct DaemonConfig: Hashable, Sendable {
  /// `builtin`, a checkpoint folder, a recipe, or the name of either under the search path.
  package var model = "builtin"
  /// Length of a window.
  package var window = TimeSpan(seconds: 2)
  /// Distance of the windows.
  package var hop = TimeSpan(seconds: 1)
  /// Pictures per second; nil: what the model says.
  package var fps: Ratio?
  /// Tracks of every source that names none of its own, as `--tracks` spells them.
  package var tracks = "audio,video,text"
  /// How the vectors of a window become one; nil: what the model says.
  package var fuse: String?
  /// Who multiplies.
  package var blas = "auto"
  /// Of the products.
  package var precision = "f32"
  /// Compute threads.
  package var threads = 2
  /// Same bits on every run on the same machine.
  package var deterministic = false
  /// Folder for what outlives the daemon: records, positions.
  package var state: String
  package var records: Records
  package var http: HTTP
  package var limits = Limits()
  package var live = Live()
  /// In the order of the file; names are unique.
  package var sources: [SourceConfig] = []

  /// Records on a Unix socket, and kept on disk.
  package struct Records: Hashable, Sendable {
    package var socket: String
    /// Permissions of the socket.
    package var mode = 0o660
    /// Whose the socket becomes; nil: the daemon's own group.
    package var group: String?
    /// Who may read, by user number; nil: the socket's permissions decide.
    package var users: UserList?
    /// Most readers at a time.
    package var readers = 128
    /// Bytes that wait for one reader.
    package var readerBuffer = 4 << 20
    /// Bytes after which a segment of the store is closed.
    package var segmentSize = 256 << 20
    /// Age at which it is.
    package var segmentAge = TimeSpan(seconds: 3600)
    /// Bytes that the store keeps.
    package var keepSize = 20 << 30
    /// How long it keeps them; zero: for ever.
    package var keepAge = TimeSpan(seconds: 30 * 86_400)
    /// Longest time between a record and its being safe on disk.
    package var sync = TimeSpan(milliseconds: 50)
    /// Longest time that records wait to share a batch.
    package var batch = TimeSpan(milliseconds: 100)
  }

  /// State and control over HTTP.
  package struct HTTP: Hashable, Sendable {
    package var socket: String
    /// Permissions of the socket.
    package var mode = 0o660
    /// Whose the socket becomes; nil: the daemon's own group.
    package var group: String?
    /// Who may ask, by user number; nil: the socket's permissions decide.
    package var users: UserList?
    /// TCP too; nil: the socket alone.
    package var tcp: LoopbackAddress?
    /// What clients over TCP must know.
    package var token: TokenPlace?
    /// Most connections at a time.
    package var clients = 64
    /// After which a connection without any traffic is closed.
    package var idle = TimeSpan(seconds: 60)
    /// Bytes of a request's header.
    package var headerLimit = 16 << 10
    /// Bytes of a request's body.
    package var bodyLimit = 64 << 10
  }

  package struct Limits: Hashable, Sendable {
    /// Bytes of all buffers together.
    package var memory = 1 << 30
    /// Bytes that one source may hold back.
    package var sourceBuffer = 16 << 20
    /// Most sources.
    package var sources = 64
    /// Bytes of one decoding process.
    package var workerMemory = 768 << 20
  }

  /// How live sources are held.
  package struct Live: Hashable, Sendable {
    /// How long packets wait for those that are late.
    package var jitter = TimeSpan(milliseconds: 200)
    /// Without anything decoded for so long, a source is opened anew.
    package var stall = TimeSpan(seconds: 10)
    /// Longest time to open.
    package var open = TimeSpan(seconds: 10)
    /// Wait before the first new attempt.
    package var firstRetry = TimeSpan(milliseconds: 500)
    /// Longest wait before another.
    package var longestRetry = TimeSpan(seconds: 30)
    /// Going so long, a source begins with the first wait again.
    package var healthy = TimeSpan(seconds: 60)
  }

  /// The defaults.
  /// - Parameter environment: for `STATE_DIRECTORY` and `RUNTIME_DIRECTORY`, as systemd sets them.
  package init(environment: [String: String] = [:]) {
    // systemd separates several by colons.
    func folder(_ variable: String) -> String? { environment[variable]?.split(separator: ":").first.map(String.init) }
    let runtime = folder("RUNTIME_DIRECTORY") ?? "/run/tandem"
    state = folder("STATE_DIRECTORY") ?? "/var/lib/tandem"
    records = Records(socket: "\(runtime)/records.sock")
    http = HTTP(socket: "\(runtime)/http.sock")
  }
}

/// `127.0.0.1:8765`, `[::1]:8765`: reached from this machine alone.
package struct LoopbackAddress: Hashable, Sendable, CustomStringConvertible {
  /// Without brackets.
  package let host: String
  package let port: Int

  init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let (digits, name) = (text[text.index(after: colon)...], text[..<colon])
    guard !digits.isEmpty, digits.utf8.allSatisfy(isDigit), let port = Int(digits), (1...65_535).contains(port) else {
      return nil
    }
    guard name == "[::1]" || Self.isLoopback(name) else { return nil }
    (host, self.port) = (name == "[::1]" ? "::1" : String(name), port)
  }

  private static func isLoopback(_ text: Substring) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127"
      && parts.allSatisfy { $0.utf8.allSatisfy(isDigit) && String(UInt8($0) ?? 0) == $0 }
  }

  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Numbers of users.
package struct UserList: Hashable, Sendable, CustomStringConvertible {
  package let numbers: Set<UInt32>

  /// `0,1000`
  init?(_ text: String) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { UInt32($0) }
    guard !parts.contains(nil), parts.count <= 1024 else { return nil }
    numbers = Set(parts.compactMap { $0 })
  }

  package var description: String { numbers.sorted().map(String.init).joined(separator: ",") }
}

/// Where the token of HTTP is.
package enum TokenPlace: Hashable, Sendable {
  /// Its name in `$CREDENTIALS_DIRECTORY`.
  case credential(String)
  /// An absolute path.
  case file(String)
}
