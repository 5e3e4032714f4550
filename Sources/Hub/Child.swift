import FoundationEssentials
import Glibc
import Media

/// Another program, run to its end.
struct Child {
  /// As a shell tells it: 128 and more for a signal.
  let exitCode: Int32
  let output: [UInt8]
  let errors: [UInt8]

  /// Standard output and error together; a program that says more is stopped.
  private static let limit = 32 << 20

  /// - Parameters:
  ///   - command: the program, found by $PATH, and its arguments.
  ///   - input: its standard input.
  ///   - held: a descriptor that it inherits, so that a lock lasts as long as the last who could write.
  ///   - goesOn: asked ten times a second; the program is ended where it says no.
  /// - Throws: `HubError.unavailable` where the program cannot be started, `.interrupted` where it was not to go on.
  init(
    _ command: [String], input: [UInt8], holding held: Int32?, goesOn: () -> Bool
  ) throws(HubError) {
    let pipes = try Pipes()
    let process = try Self.spawn(command, pipes, held)
    pipes.feed(input)
    var texts: [[UInt8]] = [[], []]
    let isDone = pipes.read(into: &texts, limit: Self.limit, goesOn: goesOn)
    if !isDone { kill(process, SIGTERM) }
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
    guard isDone else { throw .interrupted }
    (output, errors) = (texts[0], texts[1])
    let signal = status & 0x7F
    exitCode = signal == 0 ? status >> 8 & 0xFF : 128 + signal
  }

  /// The last line that it said on standard error.
  var lastWords: String {
    let lines = String(decoding: errors, as: UTF8.self).split(whereSeparator: \.isNewline)
    return lines.last.map { String($0.prefix(300)) } ?? "exit code \(exitCode)"
  }

  /// The last line on standard error that begins so, without its beginning.
  func words(after beginning: String) -> String {
    let lines = String(decoding: errors, as: UTF8.self).split(whereSeparator: \.isNewline)
    return lines.last { $0.hasPrefix(beginning) }.map { String($0.dropFirst(beginning.count).prefix(300)) } ?? lastWords
  }

  private static func spawn(_ command: [String], _ pipes: borrowing Pipes, _ held: Int32?) throws(HubError) -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for (number, end) in pipes.far.enumerated() {
      unsafe posix_spawn_file_actions_adddup2(&actions, end, Int32(number))
    }
    if let held { unsafe posix_spawn_file_actions_adddup2(&actions, held, held) }
    // We ignore these ourselves; the program shall not.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM, SIGPIPE] { unsafe sigaddset(&signals, signal) }
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    let words = unsafe Self.copies(command.map(PathText.cString))
    let variables = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)".utf8CString }
    let surroundings = unsafe Self.copies(variables.map(Array.init))
    defer { unsafe (words + surroundings).forEach { unsafe free($0) } }
    var process: pid_t = 0
    let code = unsafe posix_spawnp(&process, command[0], &actions, &attributes, words, surroundings)
    guard code == 0 else {
      throw unsafe .unavailable("\(command[0]) cannot be run: \(String(cString: strerror(code)))")
    }
    return process
  }

  /// Closed by nil, as C wants a list of texts.
  private static func copies(_ texts: [[CChar]]) -> [UnsafeMutablePointer<CChar>?] {
    unsafe texts.map { unsafe strdup($0) } + [nil]
  }
}

/// The three standard streams of a child.
private struct Pipes: ~Copyable {
  /// The child's ends of input, output and errors; closed when it has been started.
  let far: [Int32]
  /// Ours.
  private let near: [Int32]

  init() throws(HubError) {
    var (far, near): ([Int32], [Int32]) = ([], [])
    for number in 0..<3 {
      var ends: [Int32] = [-1, -1]
      guard unsafe pipe(&ends) == 0 else {
        for descriptor in far + near { close(descriptor) }
        throw unsafe .unavailable("no pipe: \(String(cString: strerror(errno)))")
      }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      far.append(ends[number == 0 ? 0 : 1])
      near.append(ends[number == 0 ? 1 : 0])
    }
    (self.far, self.near) = (far, near)
  }

  deinit { for descriptor in near[1...] { close(descriptor) } }

  /// All of it; a child that does not listen has ended, and says why itself.
  func feed(_ input: [UInt8]) {
    for descriptor in far { close(descriptor) }
    var done = 0
    while done < input.count {
      let count = unsafe input[done...].withUnsafeBytes { unsafe write(near[0], $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      done += count
    }
    close(near[0])
  }

  /// Until both have ended; false where it was not to go on, or they say too much.
  func read(into texts: inout [[UInt8]], limit: Int, goesOn: () -> Bool) -> Bool {
    var open = [true, true]
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while open.contains(true) {
      guard goesOn(), texts[0].count + texts[1].count <= limit else { return false }
      var polled = open.indices.map { pollfd(fd: open[$0] ? near[$0 + 1] : -1, events: Int16(POLLIN), revents: 0) }
      guard unsafe poll(&polled, 2, 100) > 0 else { continue }
      for number in polled.indices where polled[number].revents != 0 {
        let count = unsafe chunk.withUnsafeMutableBytes {
          unsafe Glibc.read(near[number + 1], $0.baseAddress, $0.count)
        }
        if count < 0, errno == EINTR { continue }
        open[number] = count > 0
        if count > 0 { texts[number] += chunk[..<count] }
      }
    }
    return true
  }
}
