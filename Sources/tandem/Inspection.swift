import Align
import Emit
import Fuse
import Glibc
import Media
import Plot
import Seam
import System

/// One pass over a source that feeds every answer that was asked for. Nothing is encoded: windows come from the
/// marks of the timeline alone.
struct Inspection: ~Copyable {
  private let command: InspectCommand
  private let label: String
  private let source: WorkerSource
  private var aligner: Aligner
  private var fuser: Fuser
  private var report: SourceReport
  private var portrait: PortraitRecorder?
  private var wave: WaveFile?
  private var frames: FrameTable?
  private var lines: Emitter?

  /// Opens the source, and then the files that were asked for.
  /// - Throws: `Failure`, the source's or that of a file that cannot be made.
  static func open(_ command: InspectCommand, _ signals: Signals) throws -> Inspection {
    let label = command.name ?? shown(command.input)
    let selection = command.way.tracks.selection
    let grid = Grid(
      length: command.way.window.span, hop: command.way.hop.span, pictureRate: command.way.fps?.ratio ?? Ratio(2))
    let request = SourceRequest(
      sampleRate: command.wav == nil ? 16_000 : command.rate, pictureRate: grid.pictureRate, stillLength: grid.length,
      live: command.way.live?.options ?? LiveOptions())
    let source: WorkerSource
    do throws(SourceError) {
      let order = SourceOrder(
        command.input, label: label, selection, request, threads: command.way.threads,
        tracesFrames: command.frames != nil)
      source = try Decoding.program.open(order, interruption: signals.interruption)
    } catch { throw Failure(message: "\(label): \(error)", exitCode: error.exitCode) }
    var inspection = Inspection(command, label, source, grid, try Fuser(.concat, [], failureRows: .none))
    try inspection.createFiles()
    return inspection
  }

  private init(
    _ command: InspectCommand, _ label: String, _ source: WorkerSource, _ grid: Grid, _ fuser: Fuser
  ) {
    self.command = command
    self.label = label
    self.fuser = fuser
    report = SourceReport(source.info)
    aligner = Aligner(grid, slots: command.way.tracks.selection.slots) { _, _ in nil }
    portrait = command.plot == nil ? nil : PortraitRecorder()
    self.source = source
  }

  private mutating func createFiles() throws {
    let columns = command.way.tracks.selection.slots.map {
      RecordLayout.Column(slot: $0, dimensions: nil, stepDimensions: nil)
    }
    do throws(EmitError) {
      if let path = command.wav { wave = try WaveFile.create(path, rate: command.rate) }
      if let path = command.frames { frames = try FrameTable.create(path) }
      if command.jsonWindows {
        let layout = RecordLayout(columns: columns, fusedDimensions: 0, hasSteps: false, metadata: [])
        lines = try Emitter.open(.standardOutput, format: .ndjson, layout: layout, vectors: VectorForm.none)
      }
    } catch { throw Failure(error) }
  }

  mutating func run() throws {
    do {
      while let items = try source.next() {
        for item in items { try take(item) }
        try frames?.write(source.takeFrames())
      }
      try lines?.finish()
      try wave?.finish()
      try frames?.finish()
      try draw()
    } catch let error as EmitError {
      throw Failure(error)
    } catch let error as SourceError {
      throw Failure(message: nil, exitCode: error.exitCode)
    }
    try answer()
  }

  private mutating func take(_ item: Item) throws {
    portrait?.accept(item)
    switch item {
    case .sound(let run) where run.epoch == command.epoch && run.slot.number == 0: try wave?.write(run)
    case .mark(let mark):
      if case .closed(let epoch, let end) = mark, epoch == command.epoch { try wave?.extend(to: end) }
      report.accept(mark)
      let records = aligner.accept(.mark(mark)).flatMap { fuser.accept($0) }
      for record in records {
        report.accept(record)
        portrait?.accept(record)
      }
      try lines?.emit(records)
    default: break
    }
  }

  private func draw() throws {
    guard let path = command.plot, let portrait = portrait?.finish() else { return }
    let bytes: [UInt8]
    do throws(SourceError) {
      bytes =
        path.hasSuffix(".png")
        ? try Self.png(PortraitPNG.render(portrait))
        : Array(try PortraitHTML.render(portrait, encode: Self.png).utf8)
    } catch { throw Failure(message: "\(path): \(error)", exitCode: 74) }
    var file = try OutputFile.create(path)
    try file.write(bytes)
    try file.finish()
  }

  private static func png(_ image: RGBImage) throws(SourceError) -> [UInt8] {
    try Decoding.program.draw(image, as: .png)
  }

  private func answer() throws {
    if case .failed(let reason, let exitCode) = report.ending {
      throw Failure(message: "\(label): \(reason)", exitCode: exitCode)
    }
    if let wanted = command.wav, command.epoch >= report.epochCount {
      throw Failure(message: "\(wanted): the source has no epoch \(command.epoch)", exitCode: 64)
    }
    if case .truncated(let reason) = report.ending {
      Messages.warning("\(label): \(reason); what came before it stands")
    }
    if command.json {
      try StandardOutput.line(report.json.line)
    } else if !command.jsonWindows, command.wav != "-", command.frames != "-" {
      try StandardOutput.line(report.text)
    }
  }
}
