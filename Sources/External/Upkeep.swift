/// Keeps a program running: starts it, starts it again, gives it up. A run waits for each start and gives up a program
/// that fails too often without one answer between; a service looks in, never waits, and never gives up.
struct Upkeep {
  private enum Phase {
    case up(any Program, since: Duration)
    case starting(Launch)
    /// It is not started again before.
    case down(until: Duration)
    /// It was told to end.
    case over
  }

  /// Of the program that runs.
  var reader = AnswerReader()
  /// What it said of itself when it first began.
  private(set) var hello: Hello?
  private let host: any ProgramHost
  private let greeting: Greeting
  private let patience: Patience
  private let accounts: Accounts
  private var phase: Phase = .over
  private var failures = 0
  /// Was killed, but the kernel does not let it go: no further one is started beside it.
  private var leftover: (any Program)?

  init(_ host: any ProgramHost, _ greeting: Greeting, _ patience: Patience, _ accounts: Accounts) {
    self.host = host
    self.greeting = greeting
    self.patience = patience
    self.accounts = accounts
  }

  /// The program that runs.
  var program: (any Program)? { if case .up(let program, _) = phase { program } else { nil } }

  /// Starts the program for the first time, and waits for it.
  /// - Throws: `ExternalError`.
  mutating func begin() throws(ExternalError) -> Hello {
    do throws(Mishap) { phase = .starting(try Launch(host, greeting, within: patience.start)) } catch {
      throw .start(error.reason)
    }
    while case .starting(var launch) = phase {
      do throws(Mishap) { try advance(&launch, until: launch.deadline) } catch {
        stop(launch.program)
        phase = .over
        throw .start(error.reason)
      }
      if case .starting = phase, host.isCancelled {
        stop(launch.program)
        phase = .over
        throw .interrupted
      }
    }
    guard let hello else { preconditionFailure("it runs, so it has said what it is") }
    return hello
  }

  /// Whether the program runs; where it does not, what can be done about that is done. A run waits until it does, and
  /// false means that it has been given up.
  /// - Throws: `ExternalError.interrupted`, instead of starting a program.
  mutating func isRunning() throws(ExternalError) -> Bool {
    while program == nil {
      switch phase {
      case .up: return true
      case .over: return false
      case .down(let due):
        guard patience.isService || failures < Patience.failures else { return false }
        if !patience.isService { host.wait(until: due) }
        guard !host.isCancelled else { throw .interrupted }
        guard host.now >= due else { return false }
        launch()
      case .starting(let launch):
        goOn(launch)
        guard case .starting = phase else { continue }
        guard !host.isCancelled else { throw .interrupted }
        if patience.isService { return false }
      }
    }
    return true
  }

  /// What a request finds that no running program is there for.
  var absence: Mishap {
    Mishap(
      .down,
      patience.isService
        ? "does not run, and is started again, with pauses of up to \(words(Patience.longestPause))"
        : "has been given up after \(Patience.failures) failures in a row")
  }

  /// It gave an answer. That alone proves little to a service: its pauses grow for what begins well and ends at once.
  mutating func noteAnswer() { if !patience.isService { failures = 0 } }

  /// The program is of no more use.
  mutating func drop() {
    switch phase {
    case .up(let program, let since):
      if patience.isService, host.now - since >= Patience.healthy { failures = 0 }
      stop(program)
    case .starting(let launch): stop(launch.program)
    case .down, .over: return
    }
    fail()
  }

  /// Lets the program end in peace, for as long as it is given.
  mutating func end() {
    let patience = host.isCancelled ? .zero : Patience.ending
    switch phase {
    case .up(let program, _): program.stop(patience: patience)
    case .starting(let launch): launch.program.stop(patience: .zero)
    case .down, .over: break
    }
    phase = .over
    accounts.isUp(false, now: host.now)
  }

  private mutating func launch() {
    accounts.count("restarts")
    do throws(Mishap) {
      if let leftover, !leftover.isGone() { throw Mishap(.handshake, "was killed and has not ended yet") }
      leftover = nil
      phase = .starting(try Launch(host, greeting, within: patience.start))
    } catch {
      accounts.note(error, now: host.now)
      fail()
    }
  }

  private mutating func goOn(_ launch: Launch) {
    var launch = launch
    do throws(Mishap) { try advance(&launch, until: patience.isService ? host.now : launch.deadline) } catch {
      accounts.note(error, now: host.now)
      drop()
    }
  }

  private mutating func advance(_ launch: inout Launch, until glance: Duration) throws(Mishap) {
    guard let answer = try launch.advance(until: glance, host) else {
      phase = .starting(launch)
      return
    }
    if let hello, hello != answer { throw Mishap(.handshake, "says something else than when it began") }
    (hello, reader, phase) = (answer, launch.reader, .up(launch.program, since: host.now))
    accounts.isUp(true, now: host.now)
  }

  private mutating func fail() {
    failures += 1
    phase = .down(until: host.now + Patience.pause(afterFailures: failures))
    accounts.isUp(false, now: host.now)
  }

  private mutating func stop(_ program: any Program) {
    program.stop(patience: .zero)
    if !program.isGone() { leftover = program }
  }
}
