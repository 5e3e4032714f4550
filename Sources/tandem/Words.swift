import ArgumentParser
import Emit
import Fuse
import Media

// How flags are spelt; lengths of time and rates by the grammars of Media.

/// A length of time: `2s`, `500ms`, `1/3s`, `1.5m`, `1h`, `00:01:02.5`.
struct DurationText: ExpressibleByArgument {
  let span: TimeSpan
  let defaultValueDescription: String

  init?(argument: String) {
    guard let span = TimeSpan(spelt: argument) else { return nil }
    self.span = span
    defaultValueDescription = argument
  }
}

/// A positive rate: `2`, `0.5`, `1/3`, `30000/1001`.
struct RateText: ExpressibleByArgument {
  let ratio: Ratio
  let defaultValueDescription: String

  init?(argument: String) {
    guard let ratio = Ratio(spelt: argument) else { return nil }
    self.ratio = ratio
    defaultValueDescription = argument
  }
}

/// `I/N`: this of N shares, from 0.
struct ShardText: ExpressibleByArgument {
  let index: Int
  let count: Int

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1], count > 0, (0..<count).contains(index)
    else { return nil }
    self.index = index
    self.count = count
  }
}

struct TracksText: ExpressibleByArgument {
  let selection: TrackSelection
  let defaultValueDescription: String

  init?(argument: String) {
    guard let selection = TrackSelection(argument) else { return nil }
    self.selection = selection
    defaultValueDescription = argument
  }
}

extension RecordFormat: ExpressibleByArgument {}
extension VectorForm: ExpressibleByArgument {}
extension Fuser.Kind: ExpressibleByArgument {}
