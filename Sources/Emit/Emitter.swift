package import Media

/// Where records go.
package enum RecordTarget: Hashable, Sendable {
  case standardOutput
  case file(String)
  /// A Unix socket at this path, which any number of readers may connect to.
  case socket(String)
}

/// The last room: records in, bytes out, to one target. Passive: it blocks its caller while readers are slow, and
/// owns no thread.
///
/// A reader that has left a pipe shows as `EmitError.readerGone` only if the process ignores SIGPIPE; otherwise the
/// signal has ended the process by then.
package struct Emitter: ~Copyable, Sendable {
  private var writer: any RecordWriter
  /// One of the two is there.
  private var file: FileSink?
  private var socket: SocketSink?
  private var batch: [UInt8] = []
  /// After a failure nothing more can follow: the stream may be broken off in the middle.
  private var failure: EmitError?
  private var recordCount: Int64 = 0

  /// Creates the target, or goes on at `point` of an earlier run's file: behind its last whole batch.
  ///
  /// Throws `usage` where the format cannot go there, `cannotCreate`, `inputOutput`.
  package static func open(
    _ target: RecordTarget, format: RecordFormat, layout: RecordLayout, vectors: VectorForm = .array,
    resuming point: ResumePoint? = nil, policy: ReaderPolicy = ReaderPolicy()
  ) throws(EmitError) -> Emitter {
    if format == .npy && layout.fusedDimensions == 0 {
      throw .usage("npy holds the fused vector, and these records have none")
    }
    let writer = format.writer(layout, vectors: vectors)
    let isRevised = writer.revisedOpening != nil
    switch target {
    case .standardOutput where point == nil:
      let sink = try FileSink.standardOutput(opening: writer.opening, isRevised: isRevised, policy)
      return Emitter(writer, sink)
    case .file(let path):
      guard let point, point.end > 0 else {
        return Emitter(
          writer, try FileSink.create(path, opening: writer.opening, isRevised: isRevised, policy))
      }
      try point.check(path, format: format, layout: layout, vectors: vectors)
      return Emitter(writer, try FileSink.resume(path, at: point.end, policy))
    case .socket(let path) where point == nil:
      if isRevised { throw .usage("listen \(path): npy needs a file in which one can seek") }
      let sink = try SocketSink(.path(path), opening: writer.opening, policy) { rows in
        format.bytes(rows, layout, vectors: vectors)
      }
      return Emitter(writer, sink)
    case .standardOutput, .socket: throw .usage("only a file can be resumed")
    }
  }

  private init(_ writer: any RecordWriter, _ file: consuming FileSink) {
    self.writer = writer
    self.file = consume file
  }

  private init(_ writer: any RecordWriter, _ socket: consuming SocketSink) {
    self.writer = writer
    self.socket = consume socket
  }

  /// `records`; what the writer left out; what became of a socket's readers.
  package var counters: Counters {
    var counters = writer.counters
    counters.add("records", recordCount)
    switch socket {
    case .some(let sink): counters.add(sink.counters)
    case .none: break
    }
    return counters
  }

  /// Writes the records as one batch. When it returns, the system or every reader has it whole.
  package mutating func emit(_ records: [Embedding]) throws(EmitError) {
    guard !records.isEmpty else { return }
    if let failure { throw failure }
    batch.removeAll(keepingCapacity: true)
    writer.append(records, to: &batch)
    do {
      try socket?.write(batch, of: records)
      try file?.write(batch)
      if let opening = writer.revisedOpening { try file?.revise(opening: opening) }
    } catch {
      failure = error
      throw error
    }
    recordCount += Int64(records.count)
  }

  /// Lets new readers of a socket in and gives them what they lack. For the time between batches.
  package mutating func attend() throws(EmitError) { try socket?.attend() }

  /// Ends the stream, waits until all readers have all of it, closes. After a failure it leaves all as it is.
  package mutating func finish() throws(EmitError) {
    guard failure == nil else { return }
    try socket?.finish(writer.closing)
    try file?.finish(writer.closing)
  }
}
