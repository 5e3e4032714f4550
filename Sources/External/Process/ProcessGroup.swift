import Glibc
import Synchronization

/// A started command and all that it starts and leaves in its process group.
final class ProcessGroup {
  enum Ending { case code(Int32), signal(Int32) }

  /// Of the command, and of the group.
  private let number: pid_t
  private var isReaped = false

  /// Starts the command, found as a shell finds it, with our environment and with the signals' usual meanings.
  /// - Throws: `Mishap` of kind `handshake` with the system's reason.
  init(_ command: [String], input: Pipe, output: Pipe, error: Pipe) throws(Mishap) {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for (pipe, standard) in [(input, STDIN_FILENO), (output, STDOUT_FILENO), (error, STDERR_FILENO)] {
      unsafe posix_spawn_file_actions_adddup2(&actions, pipe.handOver(), standard)
    }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    for number in [SIGINT, SIGTERM, SIGPIPE] { unsafe sigaddset(&signals, number) }
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

    var words = unsafe command.map { unsafe strdup($0) } + [nil]
    defer { unsafe words.forEach { unsafe free($0) } }
    var started: pid_t = 0
    let code = unsafe posix_spawnp(&started, command[0], &actions, &attributes, &words, environ)
    guard code == 0 else { throw .system("\(command[0])", code) }
    number = started
    LiveGroups.add(number)
  }

  deinit { kill() }

  /// Whether the command has ended; what it started may still run.
  var hasEnded: Bool { isReaped || ending != nil }

  /// How it ended; nil while it runs, and after `kill`.
  var ending: Ending? {
    guard !isReaped else { return nil }
    var info = unsafe siginfo_t()
    // It stays a zombie, so that its number and its group's cannot become others'.
    guard unsafe waitid(P_PID, id_t(number), &info, WEXITED | WNOHANG | WNOWAIT) == 0 else { return nil }
    let status = unsafe info._sifields._sigchld.si_status
    switch unsafe info.si_code {
    case Int32(CLD_EXITED): return .code(status)
    case Int32(CLD_KILLED), Int32(CLD_DUMPED): return .signal(status)
    default: return nil
    }
  }

  func signal(_ code: Int32) { if !isReaped { _ = Glibc.kill(-number, code) } }

  /// Ends all that is left of the group, and reaps the command.
  func kill() {
    guard !isReaped else { return }
    signal(SIGKILL)
    while waitpid(number, nil, 0) < 0, errno == EINTR {}
    isReaped = true
    LiveGroups.remove(number)
  }
}

/// Groups that would outlive a process that ends in a hurry.
private enum LiveGroups {
  private static let numbers = Mutex<Set<pid_t>>([])
  private static let atEnd: Void = { _ = atexit { LiveGroups.kill() } }()

  static func add(_ number: pid_t) {
    _ = atEnd
    _ = numbers.withLock { $0.insert(number) }
  }

  static func remove(_ number: pid_t) { _ = numbers.withLock { $0.remove(number) } }

  private static func kill() {
    // Not waited for: the lock's owner may be gone.
    _ = numbers.withLockIfAvailable { for number in $0 { Glibc.kill(-number, SIGKILL) } }
  }
}
