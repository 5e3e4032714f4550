import Glibc
import System

/// A file, a pipe or a terminal. A regular file always ends at a whole batch, also after an error.
struct FileSink: ~Copyable, Sendable {
  private let path: String
  private let policy: ReaderPolicy
  private var descriptor: Descriptor
  private let isRegular: Bool
  /// Where the stream begins in the file: behind what others wrote before, where the shell redirected it so.
  private let start: Int
  /// Where the last whole batch ends in the file.
  private var end: Int

  /// Creates or empties the file at `path` and writes `opening`. Throws `usage` where the opening `isRevised` later
  /// and the file is a pipe or the like.
  static func create(
    _ path: String, opening: [UInt8], isRevised: Bool, _ policy: ReaderPolicy
  ) throws(EmitError) -> FileSink {
    let descriptor: Descriptor
    do { descriptor = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC) } catch {
      throw .cannotCreate("create \(path): \(error)")
    }
    return try begin(FileSink(path, descriptor, policy), opening, isRevised)
  }

  /// As `create`, with the process's standard output, which stays open.
  static func standardOutput(
    opening: [UInt8], isRevised: Bool, _ policy: ReaderPolicy
  ) throws(EmitError) -> FileSink {
    let path = "standard output"
    let descriptor: Descriptor
    do { descriptor = try Descriptor.duplicate(STDOUT_FILENO) } catch {
      throw .cannotCreate("open \(path): \(error)")
    }
    return try begin(FileSink(path, descriptor, policy), opening, isRevised)
  }

  /// Cuts the file at `path` after its first `length` bytes, which are whole batches, and goes on there.
  static func resume(_ path: String, at length: Int, _ policy: ReaderPolicy) throws(EmitError) -> FileSink {
    do {
      let descriptor = try Descriptor.open(path, O_WRONLY)
      try descriptor.truncate(to: length)
      try descriptor.seek(to: length)
      return FileSink(path, descriptor, policy)
    } catch {
      throw .cannotCreate("resume \(path): \(error)")
    }
  }

  /// Writes one whole batch.
  mutating func write(_ batch: [UInt8]) throws(EmitError) {
    if isRegular { try writeAll(batch) } else { try writeInTurns(batch) }
    end += batch.count
  }

  /// Overwrites the stream's opening with as many bytes.
  func revise(opening: [UInt8]) throws(EmitError) {
    do { try descriptor.write(opening, at: start) } catch { throw failure(error) }
  }

  /// Ends the stream and closes; nothing may follow.
  mutating func finish(_ closing: [UInt8]) throws(EmitError) {
    if !closing.isEmpty { try write(closing) }
    do { try descriptor.close() } catch { throw .inputOutput("close \(path): \(error)") }
  }
}

extension FileSink {
  private init(_ path: String, _ descriptor: consuming Descriptor, _ policy: ReaderPolicy) {
    self.path = path
    self.policy = policy
    isRegular = descriptor.isRegularFile
    start = isRegular ? descriptor.writePosition : 0
    end = start
    self.descriptor = descriptor
  }

  private static func begin(
    _ sink: consuming FileSink, _ opening: [UInt8], _ isRevised: Bool
  ) throws(EmitError) -> FileSink {
    guard !isRevised || sink.canRevise else {
      throw .usage("write \(sink.path): npy needs a file in which one can seek")
    }
    try sink.write(opening)
    return sink
  }

  private var canRevise: Bool { isRegular && !descriptor.isAppending }

  /// What does not fit is taken back to the last whole batch.
  private func writeAll(_ batch: [UInt8]) throws(EmitError) {
    var done = 0
    do {
      while done < batch.count { done += try descriptor.write(batch, from: done) }
    } catch {
      try? descriptor.truncate(to: end)
      throw failure(error)
    }
  }

  /// Writes to a pipe only what it surely has room for, so that a reader that stands still never blocks the
  /// cancellation.
  private func writeInTurns(_ batch: [UInt8]) throws(EmitError) {
    var done = 0
    while done < batch.count {
      do {
        if try descriptor.waitForRoom(milliseconds: ReaderPolicy.glance) {
          done += try descriptor.write(batch, from: done, limit: Int(PIPE_BUF))
          continue
        }
      } catch {
        throw failure(error)
      }
      if policy.isCancelled() { throw .cancelled("write \(path): cancelled") }
    }
  }

  private func failure(_ error: Errno) -> EmitError {
    let line = "write \(path): \(error)"
    return error.code == EPIPE ? .readerGone(line) : .inputOutput(line)
  }
}
