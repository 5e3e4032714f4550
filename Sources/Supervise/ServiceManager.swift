import Glibc
import Synchronization
import System

/// Tells the service manager how we are (sd_notify(3)): datagrams to the socket that it names. Without one, nothing
/// is told.
package struct ServiceManager: Sendable {
  private let line: Line?
  /// How often it wants a sign of life; nil: not at all.
  package let watchdog: Duration?

  /// - Parameters:
  ///   - socket: `$NOTIFY_SOCKET`; `@` in front is the abstract name space.
  ///   - watchdog: `$WATCHDOG_USEC`.
  ///   - watched: `$WATCHDOG_PID`: whom that means.
  package init(socket: String?, watchdog: String?, watched: String?) {
    line = socket.flatMap { UnixPath($0) }.map { Line($0) }
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
    guard let line else { return }
    line.send(states.map(words).joined(separator: "\n"))
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

/// The way to the manager. Its socket is open from the beginning: a process that has no descriptors left is alive all
/// the same, and can say so.
private final class Line: Sendable {
  private struct End: ~Copyable { var socket: Descriptor? }

  private let path: UnixPath
  private let end: Mutex<End>

  init(_ path: UnixPath) {
    self.path = path
    end = Mutex(End(socket: try? Descriptor.datagramSocket()))
  }

  func send(_ text: String) {
    end.withLock { end in
      // A manager that is gone or does not listen is no fault of ours, and nobody else is there to be told.
      if end.socket == nil { end.socket = try? Descriptor.datagramSocket() }
      _ = try? end.socket?.sendDatagram(Array(text.utf8), to: path)
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
