import Media

/// Asks a program and gets along with whatever it does: starts it, starts it again, gives it up.
///
/// What goes wrong costs the requests under way and is counted. A program that can no longer be understood or does
/// not answer is ended and started anew; one that has failed too often without one answer between is given up.
struct Conversation {
  private let host: any ProgramHost
  private let greeting: Greeting
  private let patience: Patience
  private var accounts: Accounts
  private var hello: Hello?
  private var program: (any Program)?
  private var reader = AnswerReader()
  private var table = RequestTable()
  /// Ends of the program since its last answer.
  private var failures = 0
  private var cancelled: Duration?

  init(
    _ host: any ProgramHost, _ greeting: Greeting, _ patience: Patience, warn: @escaping @Sendable (String) -> Void
  ) {
    self.host = host
    self.greeting = greeting
    self.patience = patience
    accounts = Accounts(warn)
  }

  var counters: Counters {
    var all = accounts.counters
    if host.hiddenLines > 0 { all.add("encoder_stderr_lines_hidden", host.hiddenLines) }
    return all
  }

  /// Starts the program for the first time.
  /// - Throws: `ExternalError`.
  mutating func begin() throws(ExternalError) -> Hello {
    do {
      return try start()
    } catch let error as ExternalError {
      throw error
    } catch let mishap as Mishap {
      throw .start(mishap.reason)
    } catch { throw .start("\(error)") }
  }

  /// Each answer in its request's place; nil where there is none.
  /// - Throws: `ExternalError.interrupted`.
  mutating func answers(to requests: [ExternalRequest]) throws(ExternalError) -> [[Float]?] {
    accounts.count("requests", requests.count)
    var round = Round(requests)
    if let program { lookAfter(program) }
    do throws(ExternalError) {
      while !round.isOver(table) {
        guard try isRunning() else {
          let mishap = Mishap(.down, "has been given up after \(Patience.failures) failures in a row")
          accounts.lose(round.remaining, mishap)
          break
        }
        try goOn(&round)
      }
    } catch {
      accounts.interrupt(round.takeUnderWay(table) + round.remaining)
      drop()
      throw error
    }
    return round.answers
  }

  /// Lets the program end in peace, for as long as it is given.
  mutating func end() {
    program?.stop(patience: host.isCancelled ? .zero : Patience.ending)
    program = nil
  }
}

extension Conversation {
  /// One exchange, and what its failure costs.
  private mutating func goOn(_ round: inout Round) throws(ExternalError) {
    do {
      try exchange(&round)
    } catch let mishap as Mishap {
      accounts.lose(round.takeUnderWay(table), mishap)
      drop()
    } catch { throw .interrupted }
  }

  /// Whether the program runs; started anew where it does not. False once it has been given up.
  private mutating func isRunning() throws(ExternalError) -> Bool {
    while program == nil {
      guard failures < Patience.failures else { return false }
      host.wait(until: host.now + Patience.pause(afterFailures: max(1, failures)))
      accounts.count("restarts")
      do {
        _ = try start()
      } catch let error as ExternalError {
        throw error
      } catch {
        failures += 1
        accounts.note(error as? Mishap ?? Mishap(.handshake, "\(error)"))
      }
    }
    return true
  }

  /// - Throws: `Mishap`, `ExternalError.interrupted`.
  private mutating func start() throws -> Hello {
    let fresh = try host.start()
    reader = AnswerReader()
    do {
      let answer = try greet(fresh)
      if let hello, hello != answer { throw Mishap(.handshake, "says something else than when it began") }
      (hello, program) = (answer, fresh)
      return answer
    } catch {
      fresh.stop(patience: .zero)
      throw error
    }
  }

  private mutating func greet(_ program: any Program) throws -> Hello {
    var outgoing = Array("\(jsonLine(greeting))\n".utf8)[...]
    let deadline = host.now + patience.start
    while true {
      if let hello = try reader.hello(answering: greeting) { return hello }
      guard !host.isCancelled else { throw ExternalError.interrupted }
      guard host.now < deadline else {
        throw Mishap(.handshake, "no handshake within \(words(patience.start))")
      }
      let exchange = program.exchange(outgoing, until: deadline)
      outgoing = outgoing.dropFirst(exchange.written)
      reader.append(exchange.read)
      if let end = exchange.end { throw Mishap(.handshake, "before its handshake it \(end.reason)") }
    }
  }

  /// One wait: what fits goes out, what comes is understood.
  private mutating func exchange(_ round: inout Round) throws {
    guard let program, let hello else { preconditionFailure("the program runs") }
    let batch = greeting.deterministic ? 1 : hello.batch
    round.write(&table, batch: batch, now: host.now)
    let exchange = program.exchange(round.outgoing, until: round.quietSince + patience.answer)
    round.advance(exchange.written, &table)
    reader.append(exchange.read)
    while let answer = try reader.next() { take(answer, &round) }
    if let end = exchange.end { throw end }
    try checkCancelled(round)
    guard round.isOver(table) || host.now < round.quietSince + patience.answer else {
      throw Mishap(.timeout, "gave no answer within \(words(patience.answer))")
    }
  }

  /// When all is to end, a program that answers may finish; one that does not is not waited for.
  private mutating func checkCancelled(_ round: Round) throws(ExternalError) {
    guard host.isCancelled else { return }
    cancelled = cancelled ?? host.now
    guard round.isOver(table) || host.now < cancelled! + Patience.cancelled else { throw .interrupted }
  }

  private mutating func take(_ answer: Answer, _ round: inout Round) {
    do throws(Mishap) {
      let place = try table.close(answer.id)
      failures = 0
      round.quietSince = host.now
      switch answer.content {
      case .error(let reason): accounts.lose(1, Mishap(.error, "refused an input: \(excerpt(reason.utf8))"))
      case .vector(let vector) where !vector.allSatisfy(\.isFinite):
        accounts.lose(1, Mishap(.notFinite, "answered with numbers that are not finite"))
      case .vector(let vector):
        round.answers[place] = vector
        accounts.count("answers")
      }
    } catch {
      accounts.count("\(error.kind.rawValue)s")
      accounts.note(error)
    }
  }

  /// Between requests nothing is due: a program that has ended meanwhile costs only its restart.
  private mutating func lookAfter(_ program: any Program) {
    var nothing = Round([])
    do throws(Mishap) {
      // Twice: its last words, which a pipe holds, come before its end.
      for _ in 0..<2 {
        let exchange = program.exchange([], until: host.now)
        reader.append(exchange.read)
        while let answer = try reader.next() { take(answer, &nothing) }
        if let end = exchange.end { throw end }
      }
    } catch {
      accounts.note(error)
      drop()
    }
  }

  /// The program is of no more use.
  private mutating func drop() {
    failures += 1
    table.abandon()
    program?.stop(patience: .zero)
    program = nil
  }

  private func words(_ time: Duration) -> String {
    "\(Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18) s"
  }
}
