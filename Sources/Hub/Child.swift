import Glibc
import System

/// Another program, run to its end.
struct Child {
  /// As a shell tells it: 128 and more for a signal.
  let exitCode: Int32
  let output: [UInt8]
  let errors: [UInt8]
  /// It was stopped, since it said more than we keep.
  let isTooLong: Bool

  /// Standard output and error together, as far as they are kept.
  private static let limit = 32 << 20

  /// - Parameters:
  ///   - command: the program, found by $PATH, and its arguments.
  ///   - input: its standard input.
  ///   - held: a descriptor that it inherits, so that a lock lasts as long as the last who could write.
  ///   - take: takes its standard output piece by piece; nil: it is kept.
  ///   - goesOn: asked ten times a second; the program is ended where it says no.
  /// - Throws: `HubError.unavailable` where the program cannot be started, `.interrupted` where it was not to go on,
  ///   and what `take` throws.
  init(
    _ command: [String], input: [UInt8], holding held: Int32? = nil,
    giving take: (([UInt8]) throws(HubError) -> Void)? = nil, goesOn: () -> Bool
  ) throws(HubError) {
    let pipes: [(read: Pipe, write: Pipe)]
    do throws(Errno) { pipes = [try Pipe.pair(), try Pipe.pair(), try Pipe.pair()] } catch {
      throw .unavailable("no pipe: \(error)")
    }
    let theirs = [pipes[0].read, pipes[1].write, pipes[2].write]
    var descriptors = theirs.enumerated().map { (ours: $1.handOver(), theirs: Int32($0)) }
    if let held { descriptors.append((held, held)) }
    let process: ChildProcess
    do throws(Errno) { process = try ChildProcess(command, .init(descriptors: descriptors)) } catch {
      throw .unavailable("\(command[0]) cannot be run: \(error)")
    }
    for end in theirs { end.close() }
    var talk = Talk(input: pipes[0].write, outputs: [pipes[1].read, pipes[2].read], input[...])
    do throws(HubError) { isTooLong = try !talk.goOn(limit: Self.limit, take, while: goesOn) } catch {
      process.signal(SIGTERM)
      _ = process.wait()
      throw error
    }
    if isTooLong { process.signal(SIGTERM) }
    (output, errors) = (talk.texts[0], talk.texts[1])
    exitCode =
      switch process.wait() {
      case .code(let code): code
      case .signal(let number): 128 + number
      case nil: 127
      }
  }

  /// The last line that it said on standard error.
  var lastWords: String {
    let lines = String(decoding: errors, as: UTF8.self).split(whereSeparator: \.isNewline)
    return lines.last.map { String($0.prefix(300)) } ?? "exit code \(exitCode)"
  }

  /// The last line on standard error that begins so, without its beginning.
  func words(after beginning: String) -> String {
    let lines = String(decoding: errors, as: UTF8.self).split(whereSeparator: \.isNewline)
    return lines.last { $0.hasPrefix(beginning) }.map { String($0.dropFirst(beginning.count).prefix(300)) } ?? lastWords
  }
}

/// Gives a child its input and takes what it says, until it has said all.
private struct Talk {
  private let input: Pipe
  private let outputs: [Pipe]
  private var outgoing: ArraySlice<UInt8>
  private(set) var texts: [[UInt8]] = [[], []]

  init(input: Pipe, outputs: [Pipe], _ outgoing: ArraySlice<UInt8>) {
    self.input = input
    self.outputs = outputs
    self.outgoing = outgoing
  }

  /// Until both outputs have ended; false where they say too much.
  /// - Throws: `HubError.interrupted` where it is not to go on, and what `take` throws.
  mutating func goOn(
    limit: Int, _ take: (([UInt8]) throws(HubError) -> Void)?, while goesOn: () -> Bool
  ) throws(HubError) -> Bool {
    while outputs.contains(where: { $0.interest != nil }) {
      guard goesOn() else { throw .interrupted }
      guard texts[0].count + texts[1].count <= limit else { return false }
      if outgoing.isEmpty { input.close() }
      var interests = (outputs + [input]).compactMap(\.interest)
      _ = try? poll(&interests, milliseconds: 100)
      if case .count(let count) = input.write(outgoing) { outgoing = outgoing.dropFirst(count) }
      for (number, output) in outputs.enumerated() {
        guard case .bytes(let bytes) = output.read(1 << 16) else { continue }
        if number == 0, let take { try take(bytes) } else { texts[number] += bytes }
      }
    }
    return true
  }
}
