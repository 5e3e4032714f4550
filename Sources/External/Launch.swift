import Media

/// A program from its start to its handshake.
struct Launch {
  let program: any Program
  /// Until when the handshake must have come.
  let deadline: Duration
  /// Holds what came after the handshake.
  private(set) var reader = AnswerReader()
  private let greeting: Greeting
  private let patience: Duration
  private var outgoing: ArraySlice<UInt8>

  /// - Throws: `Mishap` where it cannot be started.
  init(_ host: any ProgramHost, _ greeting: Greeting, within patience: Duration) throws(Mishap) {
    program = try host.start()
    deadline = host.now + patience
    self.greeting = greeting
    self.patience = patience
    outgoing = Array("\(jsonLine(greeting))\n".utf8)[...]
  }

  /// One wait; its handshake, as soon as that is whole.
  /// - Throws: `Mishap`; then the program is of no use.
  mutating func advance(until glance: Duration, _ host: any ProgramHost) throws(Mishap) -> Hello? {
    let exchange = program.exchange(outgoing, until: glance)
    outgoing = outgoing.dropFirst(exchange.written)
    reader.append(exchange.read)
    if let hello = try reader.hello(answering: greeting) { return hello }
    if let end = exchange.end { throw Mishap(.handshake, "before its handshake it \(end.reason)") }
    guard host.now < deadline else { throw Mishap(.handshake, "no handshake within \(words(patience))") }
    return nil
  }
}

/// `30.0 s`.
func words(_ time: Duration) -> String {
  "\(Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18) s"
}
