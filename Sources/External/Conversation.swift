import Media

/// Asks a program and gets along with whatever it does.
///
/// What goes wrong costs the requests under way and is counted. A program that can no longer be understood or does
/// not answer is ended, and `Upkeep` starts it anew.
struct Conversation {
  private let host: any ProgramHost
  private let greeting: Greeting
  private let patience: Patience
  private let accounts: Accounts
  private var upkeep: Upkeep
  private var table = RequestTable()
  private var cancelled: Duration?

  init(_ host: any ProgramHost, _ greeting: Greeting, _ patience: Patience, _ accounts: Accounts) {
    self.host = host
    self.greeting = greeting
    self.patience = patience
    self.accounts = accounts
    upkeep = Upkeep(host, greeting, patience, accounts)
  }

  /// Starts the program for the first time.
  /// - Throws: `ExternalError`.
  mutating func begin() throws(ExternalError) -> Hello { try upkeep.begin() }

  /// Each answer in its request's place; nil where there is none.
  /// - Throws: `ExternalError.interrupted`; not in a service, whose streams are to end with what there is.
  mutating func answers(to requests: [ExternalRequest]) throws(ExternalError) -> [[Float]?] {
    accounts.count("requests", requests.count)
    var round = Round(requests, began: host.now)
    if let program = upkeep.program { lookAfter(program) }
    do throws(ExternalError) {
      while !round.isOver(table) {
        guard try upkeep.isRunning() else {
          accounts.lose(round.remaining, upkeep.absence, now: host.now)
          break
        }
        try goOn(&round)
      }
    } catch {
      accounts.interrupt(round.takeUnderWay(table) + round.remaining)
      drop()
      if !patience.isService { throw error }
    }
    return round.answers
  }

  /// Nobody asks anything, but a program that has ended is started anew meanwhile.
  mutating func attend() {
    if let program = upkeep.program { lookAfter(program) }
    do throws(ExternalError) { _ = try upkeep.isRunning() } catch { drop() }  // all is to end: so is what begins
  }

  /// Lets the program end in peace, for as long as it is given.
  mutating func end() { upkeep.end() }
}

extension Conversation {
  /// One exchange, and what its failure costs.
  private mutating func goOn(_ round: inout Round) throws(ExternalError) {
    do {
      try exchange(&round)
    } catch let mishap as Mishap {
      accounts.lose(round.takeUnderWay(table), mishap, now: host.now)
      drop()
    } catch { throw .interrupted }
  }

  /// One wait: what fits goes out, what comes is understood.
  private mutating func exchange(_ round: inout Round) throws {
    guard let program = upkeep.program, let hello = upkeep.hello else { preconditionFailure("the program runs") }
    let batch = greeting.deterministic ? 1 : hello.batch
    round.write(&table, batch: batch, now: host.now)
    let exchange = program.exchange(round.outgoing, until: deadline(round))
    round.advance(exchange.written, &table)
    upkeep.reader.append(exchange.read)
    while let answer = try upkeep.reader.next() { take(answer, &round) }
    if let end = exchange.end { throw end }
    try checkCancelled(round)
    guard round.isOver(table) || host.now < deadline(round) else {
      throw Mishap(.timeout, "gave no answer\(patience.isService ? " to all" : "") within \(words(patience.answer))")
    }
  }

  private func deadline(_ round: Round) -> Duration {
    (patience.isService ? round.began : round.quietSince) + patience.answer
  }

  /// When all is to end, a program that answers may finish; one that does not is not waited for.
  private mutating func checkCancelled(_ round: Round) throws(ExternalError) {
    guard host.isCancelled else { return }
    let first = cancelled ?? host.now
    cancelled = first
    guard round.isOver(table) || host.now < first + Patience.cancelled else { throw .interrupted }
  }

  private mutating func take(_ answer: Answer, _ round: inout Round) {
    do throws(Mishap) {
      let place = try table.close(answer.id)
      upkeep.noteAnswer()
      round.quietSince = host.now
      switch answer.content {
      case .error(let reason):
        accounts.lose(1, Mishap(.error, "refused an input: \(excerpt(reason.utf8))"), now: host.now)
      case .vector(let vector) where !vector.allSatisfy(\.isFinite):
        accounts.lose(1, Mishap(.notFinite, "answered with numbers that are not finite"), now: host.now)
      case .vector(let vector):
        round.answers[place] = vector
        accounts.count("answers")
      }
    } catch {
      accounts.count("\(error.kind.rawValue)s")
      accounts.note(error, now: host.now)
    }
  }

  /// Between requests nothing is due: a program that has ended meanwhile costs only its restart.
  private mutating func lookAfter(_ program: any Program) {
    var nothing = Round([], began: host.now)
    do throws(Mishap) {
      // Twice: its last words, which a pipe holds, come before its end.
      for _ in 0..<2 {
        let exchange = program.exchange([], until: host.now)
        upkeep.reader.append(exchange.read)
        while let answer = try upkeep.reader.next() { take(answer, &nothing) }
        if let end = exchange.end { throw end }
      }
    } catch {
      accounts.note(error, now: host.now)
      drop()
    }
  }

  /// The program is of no more use.
  private mutating func drop() {
    table.abandon()
    upkeep.drop()
  }
}
