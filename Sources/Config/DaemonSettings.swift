import Media

/// The words that other rooms understand.
package struct Vocabulary: Sendable {
  package var fusions: [String]
  package var products: [String]
  package var precisions: [String]
  /// Whether a text chooses tracks.
  package var choosesTracks: @Sendable (String) -> Bool

  package init(
    fusions: [String], products: [String], precisions: [String], choosesTracks: @escaping @Sendable (String) -> Bool
  ) {
    self.fusions = fusions
    self.products = products
    self.precisions = precisions
    self.choosesTracks = choosesTracks
  }

  var tracks: Grammar<String> { .checked("tracks such as audio,video or audio:deu", choosesTracks) }
}

private typealias Key = Setting<DaemonConfig>
private let (ms, second, hour, day) = (
  TimeSpan(milliseconds: 1), TimeSpan(seconds: 1), TimeSpan(seconds: 3600), TimeSpan(seconds: 86_400)
)
private let (kiB, miB, giB) = (1 << 10, 1 << 20, 1 << 30)

/// Every key of the daemon's file but those of its sources, in the order of `configs/tandem.yaml`.
struct DaemonSettings: Sendable {
  let all: [Setting<DaemonConfig>]
  let sources: [Setting<SourceConfig>]

  init(_ words: Vocabulary) {
    all = Self.model(words) + Self.records + Self.http + Self.limits + Self.live
    sources = SourceConfig.settings(words)
  }

  private static func model(_ words: Vocabulary) -> [Setting<DaemonConfig>] {
    [
      Key("model", .text(), \.model),
      Key("window", .span(ms...hour), \.window),
      Key("hop", .span(ms...hour), \.hop),
      Key("fps", .rate, \.fps, word: "auto"),
      Key("tracks", words.tracks, \.tracks),
      Key("fuse", .word(words.fusions), \.fuse, word: "auto"),
      Key("blas", .word(words.products), \.blas),
      Key("precision", .word(words.precisions), \.precision),
      Key("threads", .count(1...64), \.threads),
      Key("deterministic", .flag, \.deterministic),
      Key("state", .path, \.state, word: "auto"),
    ]
  }

  private static let records = [
    Key("records.socket", .socket, \.records.socket, word: "auto"),
    Key("records.mode", .mode, \.records.mode),
    Key("records.group", .name("group"), \.records.group, word: "none"),
    Key("records.users", .users, \.records.users, word: "any"),
    Key("records.readers", .count(1...4096), \.records.readers),
    Key("records.reader_buffer", .size(64 * kiB...giB), \.records.readerBuffer),
    Key("records.segment_size", .size(miB...64 * giB), \.records.segmentSize, appliesAtOnce: true),
    Key("records.segment_age", .span(second...30 * day), \.records.segmentAge, appliesAtOnce: true),
    Key("records.keep_size", .size(miB...1024 * 1024 * giB), \.records.keepSize, appliesAtOnce: true),
    Key("records.keep_age", .span(.zero...3650 * day), \.records.keepAge, appliesAtOnce: true),
    Key("records.sync", .span(ms...200 * ms), \.records.sync),
    Key("records.batch", .span(ms...10 * second), \.records.batch),
  ]

  private static let http = [
    Key("http.socket", .socket, \.http.socket, word: "auto"),
    Key("http.mode", .mode, \.http.mode),
    Key("http.group", .name("group"), \.http.group, word: "none"),
    Key("http.users", .users, \.http.users, word: "any"),
    Key("http.tcp", .loopback, \.http.tcp, word: "off"),
    Key("http.token", .token, \.http.token, word: "none"),
    Key("http.clients", .count(1...4096), \.http.clients),
    Key("http.idle", .span(second...hour), \.http.idle),
    Key("http.header_limit", .size(kiB...miB), \.http.headerLimit),
    Key("http.body_limit", .size(kiB...64 * miB), \.http.bodyLimit),
  ]

  private static let limits = [
    Key("limits.memory", .size(64 * miB...1024 * giB), \.limits.memory),
    Key("limits.source_buffer", .size(miB...4 * giB), \.limits.sourceBuffer),
    Key("limits.sources", .count(1...SourceConfig.most), \.limits.sources, appliesAtOnce: true),
    Key("limits.worker_memory", .size(64 * miB...64 * giB), \.limits.workerMemory),
  ]

  private static let live = [
    Key("live.jitter", .span(.zero...10 * second), \.live.jitter, appliesAtOnce: true),
    Key("live.stall", .span(second...hour), \.live.stall, appliesAtOnce: true),
    Key("live.open", .span(second...600 * second), \.live.open, appliesAtOnce: true),
    Key("live.first_retry", .span(10 * ms...60 * second), \.live.firstRetry, appliesAtOnce: true),
    Key("live.longest_retry", .span(100 * ms...hour), \.live.longestRetry, appliesAtOnce: true),
    Key("live.healthy", .span(second...day), \.live.healthy, appliesAtOnce: true),
  ]
}

extension Grammar where Value == LoopbackAddress {
  static let loopback = Grammar(
    bound: "an address of this machine alone, as 127.0.0.1:8765 or [::1]:8765",
    parse: { text throws(Refusal) in
      guard let address = LoopbackAddress(text) else {
        throw .unlike(text, "loopback address with a port, such as 127.0.0.1:8765 or [::1]:8765")
      }
      return address
    }, spell: { $0.description })
}

extension Grammar where Value == UserList {
  static let users = Grammar(
    bound: "numbers of users, as 0,1000",
    parse: { text throws(Refusal) in
      guard let users = UserList(text) else { throw .unlike(text, "list of user numbers such as 0,1000") }
      return users
    }, spell: { $0.description })
}

extension Grammar where Value == TokenPlace {
  static let token = Grammar(
    bound: "the name of a credential, or an absolute path",
    parse: { text throws(Refusal) in
      if text.hasPrefix("/") { return .file(try Grammar<String>.path.parse(text)) }
      // Nobody's token itself shall be shown.
      guard isName(text) else { throw Refusal("is neither the name of a credential nor an absolute path") }
      return .credential(text)
    },
    spell: { place in
      switch place {
      case .credential(let name): name
      case .file(let path): path
      }
    })
}

private func * (n: Int64, span: TimeSpan) -> TimeSpan { span * n }
