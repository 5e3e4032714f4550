import Emit
import Glibc
import Media

/// A file that a command makes beside its records; `-` is standard output.
struct OutputFile: ~Copyable {
  private let descriptor: Int32
  private let path: String
  private let isRegular: Bool

  private init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
    var status = stat()
    isRegular = unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// - Throws: `EmitError.cannotCreate`.
  static func create(_ path: String) throws(EmitError) -> OutputFile {
    if path == "-" { return OutputFile(descriptor: STDOUT_FILENO, path: path) }
    let descriptor = unsafe open(PathText.cString(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw unsafe .cannotCreate("create \(path): \(String(cString: strerror(errno)))") }
    return OutputFile(descriptor: descriptor, path: path)
  }

  /// - Throws: `EmitError.inputOutput`, `.readerGone`, `.cancelled` when a signal came while a reader stood still.
  mutating func write(_ bytes: [UInt8], at offset: Int64? = nil) throws(EmitError) {
    var done = 0
    while done < bytes.count {
      guard hasRoom() else {
        if Signals.shared.exitCode != nil { throw .cancelled("write \(path): cancelled") }
        continue
      }
      let count = unsafe bytes.withUnsafeBytes { buffer in
        // No more than a pipe surely has room for.
        let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...].prefix(isRegular ? .max : Int(PIPE_BUF)))
        return if let offset {
          unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(done))
        } else {
          unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
        }
      }
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EPIPE { throw .readerGone("write \(path)") }
      guard count > 0 else { throw unsafe .inputOutput("write \(path): \(String(cString: strerror(errno)))") }
      done += count
    }
  }

  /// Waits up to a tenth of a second for the reader of a pipe; files always have room.
  private func hasRoom() -> Bool {
    if isRegular { return true }
    var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return unsafe poll(&poller, 1, 100) != 0
  }

  /// - Throws: `EmitError.inputOutput` when the system could not keep what was written.
  mutating func finish() throws(EmitError) {
    guard descriptor != STDOUT_FILENO else { return }
    guard close(descriptor) == 0 else {
      throw unsafe .inputOutput("close \(path): \(String(cString: strerror(errno)))")
    }
  }
}

/// Standard output, line by line; what cannot be written is an error, not a shrug.
enum StandardOutput {
  /// - Throws: `Failure` 74, or 141 when the reader has left.
  static func write(_ text: String) throws {
    do throws(EmitError) {
      var file = try OutputFile.create("-")
      try file.write(Array(text.utf8))
    } catch { throw Failure(error) }
  }

  static func line(_ text: String) throws { try write(text + "\n") }
}

/// Mono float32 WAV that grows as sound comes; what is missing between runs is zero.
struct WaveFile: ~Copyable {
  private var file: OutputFile
  private let rate: Int
  private var written: Int64 = 0
  private var isFinished = false

  static func create(_ path: String, rate: Int) throws(EmitError) -> WaveFile {
    var wave = WaveFile(file: try OutputFile.create(path), rate: rate)
    try wave.file.write(wave.header)
    return wave
  }

  mutating func write(_ run: AudioRun) throws(EmitError) {
    try fill(to: run.firstSample)
    try append(run.samples)
  }

  /// Silence up to the end of the epoch.
  mutating func extend(to end: Instant) throws(EmitError) { try fill(to: end.nearestIndex(rate: Ratio(Int64(rate)))) }

  /// The true length into the header; a pipe keeps the unknown length it began with.
  mutating func finish() throws(EmitError) {
    isFinished = true
    do { try file.write(header, at: 0) } catch .inputOutput {}
    try file.finish()
  }

  private mutating func fill(to sample: Int64) throws(EmitError) {
    while written < sample {
      try append([Float](repeating: 0, count: Int(min(sample - written, 1 << 16))))
    }
  }

  private mutating func append(_ samples: [Float]) throws(EmitError) {
    try file.write(samples.flatMap { little($0.bitPattern, 4) })
    written += Int64(samples.count)
  }

  /// RIFF/WAVE with format 3 (IEEE float); `0xFFFFFFFF` where the length is not known yet or does not fit.
  private var header: [UInt8] {
    let bytes = isFinished && written < 1 << 29 ? UInt32(written * 4) : .max
    let riff = bytes == .max ? UInt32.max : bytes + 36
    return Array("RIFF".utf8) + little(riff, 4) + Array("WAVEfmt ".utf8) + little(16, 4) + little(3, 2) + little(1, 2)
      + little(UInt32(rate), 4) + little(UInt32(rate * 4), 4) + little(4, 2) + little(32, 2) + Array("data".utf8)
      + little(bytes, 4)
  }

  private func little(_ value: UInt32, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
  }
}

/// Every decoded frame as a line of CSV.
struct FrameTable: ~Copyable {
  private var file: OutputFile

  static func create(_ path: String) throws(EmitError) -> FrameTable {
    var table = FrameTable(file: try OutputFile.create(path))
    try table.file.write(Array("epoch,t_ns,duration_ns,pts,key,width,height,luma\n".utf8))
    return table
  }

  mutating func write(_ frames: [FrameTrace]) throws(EmitError) {
    let lines = frames.filter { $0.slot.number == 0 }.map { frame in
      [
        "\(frame.epoch)", "\(frame.interval.start.sinceZero.nanoseconds)", "\(frame.interval.length.nanoseconds)",
        frame.pts.map(String.init) ?? "", frame.isKey ? "1" : "0", "\(frame.width)", "\(frame.height)",
        "\((frame.luma * 1000).rounded() / 1000)",
      ].joined(separator: ",") + "\n"
    }
    try file.write(Array(lines.joined().utf8))
  }

  mutating func finish() throws(EmitError) { try file.finish() }
}
