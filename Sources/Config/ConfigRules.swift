import Media

// What must hold between keys.
extension ConfigReading {
  mutating func checkRules() {
    let (records, http, limits, live) = (config.records, config.http, config.limits, config.live)
    if http.tcp != nil, http.token == nil {
      breaks("http.tcp", reason: "needs http.token: over TCP any user of this machine may come")
    }
    if records.socket == http.socket {
      breaks("http.socket", "records.socket", reason: "is the path of the other socket too")
    }
    if records.segmentSize > records.keepSize {
      breaks("records.segment_size", "records.keep_size", reason: "a segment is larger than all that is kept")
    }
    if records.keepAge > .zero, records.segmentAge > records.keepAge {
      breaks("records.segment_age", "records.keep_age", reason: "a segment grows older than what is kept")
    }
    if limits.sourceBuffer > limits.memory {
      breaks("limits.source_buffer", "limits.memory", reason: "one source may hold more than limits.memory")
    }
    if records.readerBuffer > limits.memory {
      breaks("records.reader_buffer", "limits.memory", reason: "one reader may hold more than limits.memory")
    }
    if live.firstRetry > live.longestRetry {
      breaks("live.first_retry", "live.longest_retry", reason: "the first wait is longer than the longest")
    }
    if config.sources.count > limits.sources {
      breaks(
        "limits.sources", "sources", reason: "there are \(config.sources.count) sources, more than \(limits.sources)")
    }
    for source in config.sources { check(source) }
  }

  private mutating func check(_ source: SourceConfig) {
    let path = "sources.\(source.name)"
    let isStored = source.kind == .file || source.kind == .directory
    if origins["\(path).url"] == nil { breaks(path, reason: "has no url") }
    if source.listen, isStored { breaks("\(path).listen", reason: "goes with live sources alone") }
    if source.loop, source.kind == .live || source.kind == .directory || source.listen {
      breaks("\(path).loop", reason: "goes with files alone")
    }
    if source.kind == .directory, source.url.isURL {
      breaks("\(path).kind", reason: "a directory is a path of this machine, not a URL")
    }
    if let buffer = source.buffer, buffer > config.limits.memory {
      breaks("\(path).buffer", reason: "is more than limits.memory")
    }
  }
}
