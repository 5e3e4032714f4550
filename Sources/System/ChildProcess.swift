import CLinux
import Glibc
import Media
import Synchronization

/// Another program that runs as our child, and all that it starts and leaves in its process group. Whatever happens,
/// it is reaped and outlives nobody who owns it; but for one that the kernel does not let go.
package final class ChildProcess: Sendable {
  package enum Ending: Hashable, Sendable, CustomStringConvertible {
    case code(Int32), signal(Int32)

    /// As the system writes it; nil for what `kill` does.
    fileprivate init?(_ status: Int32) {
      let number = status & 0x7f
      guard number != SIGKILL else { return nil }
      self = number == 0 ? .code(status >> 8 & 0xff) : .signal(number)
    }

    package var description: String {
      switch self {
      case .code(let code): "ended with exit code \(code)"
      case .signal(let number): "was ended by signal \(number)"
      }
    }
  }

  /// What a child is, beside its command.
  package struct Setting: Sendable {
    /// Our descriptors and the numbers under which the child has them.
    package var descriptors: [(ours: Int32, theirs: Int32)]
    /// Whether it leads a process group of its own: then a terminal's signals do not reach it, and it does not read
    /// from the terminal.
    package var leadsGroup: Bool
    /// Variables of our environment that it does not get.
    package var withheld: Set<String>

    package init(
      descriptors: [(ours: Int32, theirs: Int32)] = [], leadsGroup: Bool = true, withheld: Set<String> = []
    ) {
      self.descriptors = descriptors
      self.leadsGroup = leadsGroup
      self.withheld = withheld
    }
  }

  package let number: Int32
  private let leadsGroup: Bool
  private let isReaped = Mutex(false)
  /// How one that was killed had ended before.
  private let earlierEnding = Mutex<Ending?>(nil)

  /// Starts the command, found as a shell finds it, with our environment and with the signals' usual meanings. Of our
  /// descriptors it has those that are handed to it, and the first three.
  package init(_ command: [String], _ setting: Setting) throws(Errno) {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    // By way of numbers that none of theirs can be: one that is put in place would overwrite another of ours.
    let highest = setting.descriptors.map(\.theirs).max() ?? 0
    let copies = try setting.descriptors.map { descriptor throws(Errno) in
      try Copy(of: descriptor.ours, above: highest)
    }
    for (copy, descriptor) in zip(copies, setting.descriptors) {
      unsafe posix_spawn_file_actions_adddup2(&actions, copy.number, descriptor.theirs)
    }
    // Not everybody's are closed by themselves.
    unsafe linux_close_from(&actions, max(highest, STDERR_FILENO) + 1)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    for number in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE] { unsafe sigaddset(&signals, number) }
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    let flags = (setting.leadsGroup ? POSIX_SPAWN_SETPGROUP : 0) | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

    var words = unsafe command.map { unsafe strdup(PathText.cString($0)) } + [nil]
    defer { unsafe words.forEach { unsafe free($0) } }
    var variables = unsafe Self.environment(without: setting.withheld)
    var started: pid_t = 0
    let code = unsafe posix_spawnp(&started, words[0]!, &actions, &attributes, &words, &variables)
    guard code == 0 else { throw Errno(code: code) }
    withExtendedLifetime(copies) {}
    number = started
    leadsGroup = setting.leadsGroup
    LiveChildren.add(target)
  }

  deinit { kill() }

  /// Whether the program has ended; what it started may still run.
  package var hasEnded: Bool { isReaped.withLock { $0 } || ending != nil }

  /// How it ended; nil while it runs, and where only `kill` has ended it.
  package var ending: Ending? { isReaped.withLock { $0 ? earlierEnding.withLock { $0 } : look(WNOHANG) } }

  /// Whether a signal has stopped it, so that it stands still until another lets it go on.
  package var isStopped: Bool {
    isReaped.withLock { isReaped in
      var info = unsafe siginfo_t()
      guard !isReaped, unsafe waitid(P_PID, id_t(number), &info, WSTOPPED | WNOWAIT | WNOHANG) == 0 else {
        return false
      }
      return unsafe info.si_code == Int32(CLD_STOPPED)
    }
  }

  /// Waits for its end; nil after `kill`, which another thread may call meanwhile.
  package func wait() -> Ending? { isReaped.withLock { $0 } ? nil : look(0) }

  package func signal(_ code: Int32) { isReaped.withLock { if !$0 { _ = Glibc.kill(target, code) } } }

  /// Processor time of the program so far; nil once it is reaped.
  package var processorTime: Duration? {
    var clock = clockid_t()
    var time = timespec()
    guard unsafe clock_getcpuclockid(number, &clock) == 0, unsafe clock_gettime(clock, &time) == 0 else { return nil }
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  /// What the program holds in memory now, in bytes; nil once it is reaped.
  package var residentBytes: Int? {
    let bytes = System.residentBytes(of: number)
    // The lock is not waited for: its owner may wait for the kernel.
    return isReaped.withLockIfAvailable { $0 } ?? false ? nil : bytes
  }

  /// Its address space, in bytes: beyond that it gets no memory.
  package func limitMemory(to bytes: Int) throws(Errno) {
    _ = try Errno.check { linux_limit_memory(number, UInt64(bytes)) }
  }

  /// Ends all that is left of it and of its group, and reaps it. One that the kernel does not let go just now, since a
  /// disk does not answer, is waited for elsewhere.
  package func kill() {
    guard !kill(within: .seconds(1)) else { return }
    isReaped.withLock { isReaped in
      guard !isReaped else { return }
      isReaped = true
      LiveChildren.remove(target)
      let number = number
      try? startThread { while waitpid(number, nil, 0) < 0, errno == EINTR {} }
    }
  }

  /// As `kill`, but it is waited for no longer than that: a program that stands still in the kernel, as in a driver,
  /// ends when that lets it go.
  /// - Returns: whether it is reaped; ask again where it is not.
  package func kill(within patience: Duration) -> Bool {
    let deadline = monotonicTime() + patience
    return isReaped.withLock { isReaped in
      guard !isReaped else { return true }
      _ = Glibc.kill(target, SIGKILL)
      var status: Int32 = 0
      while unsafe waitpid(number, &status, WNOHANG) == 0 {
        guard monotonicTime() < deadline else { return false }
        usleep(1000)
      }
      earlierEnding.withLock { $0 = Ending(status) }
      isReaped = true
      LiveChildren.remove(target)
      return true
    }
  }

  private static func environment(without names: Set<String>) -> [UnsafeMutablePointer<CChar>?] {
    var variables: [UnsafeMutablePointer<CChar>?] = unsafe []
    var next = unsafe Glibc.environ
    while let variable = unsafe next.pointee {
      let name = unsafe String(cString: variable).prefix { $0 != "=" }
      if !names.contains(String(name)) { unsafe variables.append(variable) }
      unsafe next += 1
    }
    return unsafe variables + [nil]
  }

  /// Whom signals go to: the group that it leads, or itself.
  private var target: pid_t { leadsGroup ? -number : number }

  /// It stays a zombie, so that its number and its group's cannot become others'.
  private func look(_ patience: Int32) -> Ending? {
    var info = unsafe siginfo_t()
    var code = unsafe waitid(P_PID, id_t(number), &info, WEXITED | WNOWAIT | patience)
    while code != 0, errno == EINTR { code = unsafe waitid(P_PID, id_t(number), &info, WEXITED | WNOWAIT | patience) }
    guard code == 0 else { return nil }
    let status = unsafe info._sifields._sigchld.si_status
    switch unsafe info.si_code {
    case Int32(CLD_EXITED): return .code(status)
    case Int32(CLD_KILLED), Int32(CLD_DUMPED): return .signal(status)
    default: return nil
    }
  }

  /// A descriptor under another number, for the time of the start.
  private final class Copy {
    let number: Int32

    init(of descriptor: Int32, above highest: Int32) throws(Errno) {
      number = try Errno.check { fcntl(descriptor, F_DUPFD_CLOEXEC, highest + 1) }
    }

    deinit { close(number) }
  }
}

/// Children that would outlive a process that ends in a hurry.
private enum LiveChildren {
  /// As `kill` takes them.
  private static let targets = Mutex<Set<pid_t>>([])
  private static let atEnd: Void = { _ = atexit { LiveChildren.kill() } }()

  static func add(_ target: pid_t) {
    _ = atEnd
    _ = targets.withLock { $0.insert(target) }
  }

  static func remove(_ target: pid_t) { _ = targets.withLock { $0.remove(target) } }

  private static func kill() {
    // The lock is not waited for: its owner may be gone.
    let targets = targets.withLockIfAvailable { $0 } ?? []
    for target in targets { Glibc.kill(target, SIGKILL) }
    // Not everywhere is there somebody to reap what we leave. A killed process that does not end is left all the same.
    for target in targets {
      for _ in 0..<200 where waitpid(abs(target), nil, WNOHANG) == 0 { usleep(1000) }
    }
  }
}
