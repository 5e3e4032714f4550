package import Media

/// Where an encoder comes from.
package enum EncoderOrigin: Hashable, Sendable {
  /// A checkpoint's name or folder.
  case model(String)
  case program(ProgramWords)

  static let keys = ["model", "command", "timeout", "start_timeout"]

  /// - Returns: nil for a wrong one.
  init?(_ map: FieldMap, _ problems: inout Problems) {
    func refuse(_ key: String, _ reason: String, _ problems: inout Problems) {
      problems.add(line: map[key]?.line ?? map.line, map.path(of: key), reason)
    }
    guard map["command"] != nil else {
      for key in ["timeout", "start_timeout"] where map[key] != nil {
        refuse(key, "goes with command alone", &problems)
      }
      if map["model"] == nil { problems.add(line: map.line, map.path, "has no model") }
      guard let model = map.value("model", .text(), &problems) else { return nil }
      self = .model(model)
      return
    }
    if map["model"] != nil { refuse("command", "excludes model", &problems) }
    let (timeout, start) = (
      map.value("timeout", .encoderSpan, &problems), map.value("start_timeout", .encoderSpan, &problems)
    )
    guard let command = map.texts("command", &problems) else { return nil }
    guard command.first?.isEmpty == false else {
      refuse("command", "names no program", &problems)
      return nil
    }
    self = .program(ProgramWords(command: command, timeout: timeout, startTimeout: start))
  }
}

/// How a recipe spells a program.
package struct ProgramWords: Hashable, Sendable {
  package var command: [String]
  /// From one answer to the next.
  package var timeout: TimeSpan?
  /// From its start to its handshake.
  package var startTimeout: TimeSpan?
}

extension Grammar where Value == TimeSpan {
  /// Of an encoder; whether it can keep it is the encoder's matter.
  static let encoderSpan = span(TimeSpan(milliseconds: 1)...TimeSpan(seconds: 86_400))
}
