import External
import Media

/// Where an encoder comes from.
enum EncoderOrigin: Decodable {
  /// A checkpoint's name or folder.
  case model(String)
  case program(ProgramWords)

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Keys.self)
    func wrong(_ key: Keys, _ reason: String) -> DecodingError {
      DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: reason)
    }
    guard values.contains(.command) else {
      for key in [Keys.timeout, .startTimeout] where values.contains(key) {
        throw wrong(key, "goes with command alone")
      }
      self = .model(try values.decode(String.self, forKey: .model))
      return
    }
    guard !values.contains(.model) else { throw wrong(.command, "excludes model") }
    let command = try values.decode([String].self, forKey: .command)
    guard command.first?.isEmpty == false else { throw wrong(.command, "names no program") }
    let program = ProgramWords(
      command: command, timeout: try values.decodeIfPresent(DurationText.self, forKey: .timeout),
      startTimeout: try values.decodeIfPresent(DurationText.self, forKey: .startTimeout))
    for (key, value) in [(Keys.timeout, program.timeout), (.startTimeout, program.startTimeout)] {
      guard value.map({ $0.span > .zero && $0.span <= TimeSpan(seconds: 86_400) }) ?? true else {
        throw wrong(key, "is not between 0 and a day")
      }
    }
    self = .program(program)
  }

  private enum Keys: String, CodingKey { case model, command, timeout, startTimeout = "start_timeout" }
}

/// How a recipe spells a program.
struct ProgramWords {
  var command: [String]
  /// From one answer to the next.
  var timeout: DurationText?
  /// From its start to its handshake.
  var startTimeout: DurationText?

  var patience: Patience {
    var patience = Patience()
    if let timeout { patience.answer = .nanoseconds(timeout.span.nanoseconds) }
    if let startTimeout { patience.start = .nanoseconds(startTimeout.span.nanoseconds) }
    return patience
  }
}
