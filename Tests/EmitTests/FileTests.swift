import Glibc
import Media
import System
import Testing

@testable import Emit

@Suite struct FileTests {
  private let scratch = Scratch()
  private let layout = Samples.layout()

  @Test(arguments: RecordFormat.allCases)
  func aFileHoldsOpeningBatchesAndClosing(format: RecordFormat) throws {
    let batches = [Samples.records(3, layout), Samples.records(5, layout)]
    try write(batches, "out", format)
    var writer = format.writer(layout)
    let stream = writer.stream(batches)
    let opening = writer.revisedOpening ?? writer.opening
    #expect(contents(scratch.file("out")) == opening + stream.dropFirst(opening.count))
  }

  @Test func anNPYFileIsValidAfterEveryBatch() throws {
    var emitter = try Emitter.open(.file(scratch.file("a.npy")), format: .npy, layout: layout)
    for (batches, rows) in [(1, 5), (2, 10)] {
      try emitter.emit(Samples.records(5, layout))
      let bytes = contents(scratch.file("a.npy"))
      #expect(bytes.count == 128 + 4 * 9 * rows, "after \(batches)")
      #expect(bytes.prefix(10) == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 118, 0] && bytes[127] == 10)
      let header = String(decoding: bytes[10..<127], as: UTF8.self)
      #expect(header.hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), 9), } "))
    }
    try emitter.finish()
    #expect(emitter.counters["rows_without_vector"] == 2 && emitter.counters["non_finite_values"] == 2)
    let row = contents(scratch.file("a.npy"))[(128 + 36)..<(128 + 72)]  // of a status row
    #expect(try (0..<9).allSatisfy { Float(bitPattern: try Array(row).integer(at: 4 * $0, UInt32.self)).isNaN })
  }

  @Test func npyIsRefusedWhereOneCannotSeek() {
    #expect(failure { () throws(EmitError) in try open(.file("/dev/null"), .npy) }?.exitCode == 64)
    #expect(failure { () throws(EmitError) in try open(.socket(scratch.file("s")), .npy) }?.exitCode == 64)
    var bare = layout
    bare.fusedDimensions = 0
    #expect(failure { () throws(EmitError) in try open(.file(scratch.file("x")), .npy, bare) }?.exitCode == 64)
    #expect(!exists(scratch.file("x")))
  }

  @Test func whatCannotBeCreatedIsNamed() {
    let path = scratch.file("none/out.arrows")
    let error = failure { () throws(EmitError) in try open(.file(path), .arrow) }
    #expect(error?.exitCode == 73)
    #expect(error?.description == "create \(path): No such file or directory")
  }

  @Test func aFullDeviceIsNamed() {
    let error = failure { () throws(EmitError) in try open(.file("/dev/full"), .arrow) }
    #expect(error == .inputOutput("write /dev/full: No space left on device"))
    #expect(error?.exitCode == 74)
  }

  /// A limit on the size of files stands in for a full disk; no other test writes files as large.
  @Test func aFileThatCannotGrowEndsAtItsLastWholeBatch() throws {
    _ = signal(SIGXFSZ, SIG_IGN)
    var former = rlimit()
    _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &former)
    var limit = former
    limit.rlim_cur = 32 << 20
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    defer { _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &former) }
    let wide = Samples.layout(dimensions: 16_384)
    let path = scratch.file("big.arrows")
    let batch = Samples.records(20, wide)
    var emitter = try Emitter.open(.file(path), format: .arrow, layout: wide)
    var whole = 0
    var error: EmitError?
    while error == nil {
      whole = try Descriptor.open(path, O_RDONLY).size
      error = failure { () throws(EmitError) in try emitter.emit(batch) }
    }
    #expect(error == .inputOutput("write \(path): File too large"))
    #expect(contents(path).count == whole && whole > 1 << 20)
    #expect(try ResumePoint.read(path, format: .arrow)?.end == whole)
    #expect(failure { () throws(EmitError) in try emitter.emit(batch) } == error)
    try emitter.finish()
    #expect(contents(path).count == whole)
  }

  @Test func aPipeWhoseReaderHasLeftSaysSo() throws {
    _ = signal(SIGPIPE, SIG_IGN)
    let path = scratch.file("fifo")
    _ = unsafe mkfifo(path, 0o600)
    var reader = try Descriptor.open(path, O_RDONLY | O_NONBLOCK)
    var emitter = try Emitter.open(.file(path), format: .ndjson, layout: layout)
    try emitter.emit(Samples.records(1, layout))
    try reader.close()
    let error = failure { () throws(EmitError) in try emitter.emit(Samples.records(1, layout)) }
    #expect(error == .readerGone("write \(path): Broken pipe"))
  }

  @Test func aPipeThatStandsStillDoesNotHoldUpCancellation() throws {
    let path = scratch.file("fifo")
    _ = unsafe mkfifo(path, 0o600)
    let reader = try Descriptor.open(path, O_RDONLY | O_NONBLOCK)
    let policy = ReaderPolicy(isCancelled: { true })
    var emitter = try Emitter.open(.file(path), format: .arrow, layout: layout, policy: policy)
    var error: EmitError?
    for _ in 0..<100 where error == nil {
      error = failure { () throws(EmitError) in try emitter.emit(Samples.records(20, layout)) }
    }
    #expect(error == .cancelled("write \(path): cancelled"))
    #expect(reader.number >= 0)
  }

  private func write(_ batches: [[Embedding]], _ name: String, _ format: RecordFormat) throws {
    var emitter = try Emitter.open(.file(scratch.file(name)), format: format, layout: layout)
    for batch in batches { try emitter.emit(batch) }
    try emitter.finish()
    #expect(emitter.counters["records"] == Int64(batches.reduce(0) { $0 + $1.count }))
  }

  private func open(
    _ target: RecordTarget, _ format: RecordFormat, _ layout: RecordLayout? = nil
  ) throws(EmitError) {
    _ = try Emitter.open(target, format: format, layout: layout ?? self.layout)
  }
}
