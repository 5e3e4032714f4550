import ArgumentParser
import Media

/// How live sources are opened and watched: `tcp`, `udp`, `listen`, `sdp`, and `opening`, `silence`, `packet`,
/// `stall`, `jitter` with a length of time, as in `udp,listen,jitter=100ms`.
struct LiveText: ExpressibleByArgument {
  let options: LiveOptions
  let defaultValueDescription: String

  init?(argument: String) {
    var words: Set<String> = []
    var waits: [String: TimeSpan] = [:]
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      if pair.count == 1, ["tcp", "udp", "listen", "sdp"].contains(pair[0]) {
        words.insert(pair[0])
      } else if pair.count == 2, let wait = DurationText(argument: pair[1]),
        ["opening", "silence", "packet", "stall", "jitter"].contains(pair[0])
      {
        waits[pair[0]] = wait.span
      } else {
        return nil
      }
    }
    let standard = LiveOptions()
    options = LiveOptions(
      transport: words.contains("tcp") ? .tcp : words.contains("udp") ? .udp : .automatic,
      listens: words.contains("listen"), isSessionDescription: words.contains("sdp"), openingWait: waits["opening"],
      silenceWait: waits["silence"] ?? standard.silenceWait, packetWait: waits["packet"] ?? standard.packetWait,
      stallWait: waits["stall"] ?? standard.stallWait, jitterWait: waits["jitter"] ?? standard.jitterWait)
    defaultValueDescription = argument
  }
}
