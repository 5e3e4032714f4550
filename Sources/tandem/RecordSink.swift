import Emit
import Glibc
import Media
import Plot
import Synchronization

/// The end of the way: an emitter, or a table for people.
final class RecordSink: Sendable {
  private let emitter: Mutex<Emitter?>
  private let table: Mutex<RecordTable?>

  /// - Throws: `Failure` when the output cannot be created.
  init(_ output: RecordOutput, isCancelled: @escaping @Sendable () -> Bool) throws {
    switch output.form {
    case .records(let target, let format, let vectors):
      do throws(EmitError) {
        var opened: Emitter? = try Emitter.open(
          target, format: format, layout: output.layout, vectors: vectors, resuming: output.resumePoint,
          policy: ReaderPolicy(isCancelled: isCancelled))
        emitter = Mutex(opened.take())
      } catch { throw Failure(error) }
      table = Mutex(nil)
    case .table:
      emitter = Mutex(nil)
      table = Mutex(RecordTable(color: isatty(STDOUT_FILENO) == 1 && !hasEnvironment("NO_COLOR")))
    }
  }

  /// - Throws: `EmitError`.
  func write(_ records: [Embedding]) throws {
    try emitter.withLock { try $0?.emit(records) }
    let text = table.withLock { table in records.map { table?.lines($0) ?? "" }.joined() }
    if !text.isEmpty { try StandardOutput.write(text) }
  }

  /// - Throws: `EmitError`.
  func finish() throws { try emitter.withLock { try $0?.finish() } }

  /// What the output could not take or nobody read.
  var losses: [(name: String, count: Int64)] {
    let counters = emitter.withLock { $0?.counters } ?? Counters()
    return ["readers_dropped", "records_unread", "batches_dropped", "non_finite_values", "rows_without_vector"]
      .map { ($0, counters[$0]) }.filter { $0.1 > 0 }
  }
}
