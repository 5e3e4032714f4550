import Glibc
import System

/// Tells the service manager how we are (sd_notify(3)): datagrams to the socket that it names. Without one, nothing
/// is told.
package struct ServiceManager: Sendable {
  private let address: String?
  /// How often it wants a sign of life; nil: not at all.
  package let watchdog: Duration?

  /// - Parameters:
  ///   - socket: `$NOTIFY_SOCKET`; `@` in front is the abstract name space.
  ///   - watchdog: `$WATCHDOG_USEC`.
  ///   - watched: `$WATCHDOG_PID`: whom that means.
  package init(socket: String?, watchdog: String?, watched: String?) {
    address = socket
    let isMeant = watched.map { Int32($0) == getpid() } ?? true
    self.watchdog = isMeant ? watchdog.flatMap(Int64.init).flatMap { $0 > 0 ? .microseconds($0) : nil } : nil
  }

  package enum State: Sendable {
    case ready
    /// now: of the monotonic clock.
    case reloading(now: Duration)
    case stopping
    case alive
    case status(String)
  }

  package func tell(_ states: State...) {
    guard let address, let path = UnixPath(address) else { return }
    let text = states.map(words).joined(separator: "\n")
    // A manager that is gone or does not listen is no fault of ours, and nobody else is there to be told.
    _ = try? Descriptor.sendDatagram(Array(text.utf8), to: path)
  }

  private func words(_ state: State) -> String {
    switch state {
    case .ready: return "READY=1"
    case .reloading(let now):
      let (seconds, attoseconds) = now.components
      return "RELOADING=1\nMONOTONIC_USEC=\(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)"
    case .stopping: return "STOPPING=1"
    case .alive: return "WATCHDOG=1"
    case .status(let text): return "STATUS=" + text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
  }
}

/// Sockets that the service manager opened for us (sd_listen_fds(3)).
package struct InheritedSockets: Sendable {
  /// Descriptor numbers by name.
  package let numbers: [String: [Int32]]

  /// - Parameters: `$LISTEN_PID`, `$LISTEN_FDS` and `$LISTEN_FDNAMES`.
  package init(pid: String?, count: String?, names: String?) {
    guard let pid, Int32(pid) == getpid(), let count = count.flatMap(Int32.init), (1...64).contains(count) else {
      numbers = [:]
      return
    }
    let names = names?.split(separator: ":", omittingEmptySubsequences: false).map(String.init) ?? []
    var numbers: [String: [Int32]] = [:]
    for n in 0..<count {
      _ = fcntl(3 + n, F_SETFD, FD_CLOEXEC)
      numbers[names.indices.contains(Int(n)) ? names[Int(n)] : "unknown", default: []].append(3 + n)
    }
    self.numbers = numbers
  }
}
