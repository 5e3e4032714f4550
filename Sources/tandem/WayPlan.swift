import Digest
import Encode
import Fuse
import Media
import Seam

/// What is asked for, by flags or by a configuration.
struct WayWish: Sendable {
  var model: String
  var engine: EngineWish
  var threads: Int
  var isDeterministic: Bool
  var window: TimeSpan
  var hop: TimeSpan
  /// Nil: what the model says.
  var pictureRate: Ratio?
  var selection: TrackSelection
  /// Nil: what the model says, or what fits its vectors.
  var fuse: Fuser.Kind?
  var live = LiveOptions()
}

/// All decisions of a run, made before the first byte is read.
struct WayPlan: Sendable {
  let model: any Model
  /// To be closed in the end.
  let programs: [ExternalPart]
  let grid: Grid
  let selection: TrackSelection
  let fuse: Fuser.Kind
  /// A stage as it begins, with a row for a source that fails.
  let fuser: Fuser
  let live: LiveOptions
  /// Nil: every picture is encoded.
  let reuse: PictureReuse?
  let threads: Int
  /// Same bits on every run.
  let isDeterministic: Bool
  let layout: RecordLayout

  /// What the left of the seam is told.
  /// - Parameter start: where the first wanted window begins; encoders also see what comes shortly before.
  func request(from start: TimeSpan = .zero) -> SourceRequest {
    SourceRequest(
      sampleRate: model.sound?.rate ?? 16_000, pictureRate: grid.pictureRate, stillLength: grid.length,
      start: start - lookback - (reuse == nil ? .zero : PictureReuse.renewal) - TimeSpan(seconds: 1),
      live: live)
  }

  /// The stage that encodes a source. Batches change the last bits of products, so a deterministic run encodes one by
  /// one.
  func makeEncodeStage() -> EncodeStage {
    EncodeStage(model, pictureRate: grid.pictureRate, reuse: reuse, together: !isDeterministic)
  }

  /// What may be under way between decoding and encoding, which the encoder takes at once: hand-overs, and bytes of
  /// pictures and sound.
  var batch: (hands: Int, bytes: Int) {
    model.encodesPicturesAlone && !isDeterministic ? (hands: 16, bytes: 24 << 20) : (hands: 1, bytes: 16 << 20)
  }

  /// How long a step reaches back or ahead, at most.
  var lookback: TimeSpan {
    let sound = model.sound.map { TimeSpan(ticks: Int64($0.receptive), Ratio(Int64($0.rate)).inverse) } ?? .zero
    return max(sound, TimeSpan(ticks: 1, grid.pictureRate.inverse))
  }

  /// - Parameters:
  ///   - keeper: for whom programs run.
  ///   - reuseBelow: grey levels; see `PictureReuse`. Nothing differs by less than 0.
  /// - Throws: `Failure` 78 for an unknown model, 64 for vectors that cannot be fused or reused as asked.
  init(_ wish: WayWish, _ keeper: ProgramKeeper, reuseBelow: Double = 0, hasSteps: Bool = false) throws {
    let choice = try ModelChoice(
      wish.model, wish.engine, threads: wish.threads, isDeterministic: wish.isDeterministic, keeper: keeper)
    let model = choice.model
    self.model = model
    programs = choice.programs
    let rate = wish.pictureRate ?? model.pictures?.rate ?? Ratio(2)
    grid = Grid(length: wish.window, hop: wish.hop, pictureRate: rate)
    selection = wish.selection
    live = wish.live
    reuse = try Self.reuse(below: reuseBelow, model)
    threads = wish.threads
    isDeterministic = wish.isDeterministic
    let columns = selection.slots.map { slot in
      let size = model.size(slot.modality)
      return RecordLayout.Column(slot: slot, dimensions: size?.dimensions, stepDimensions: size?.stepDimensions)
    }
    let hasOneWidth = Set(columns.compactMap(\.dimensions)).count <= 1
    fuse = wish.fuse ?? choice.fuse ?? (hasOneWidth ? .mean : .concat)
    let width: Int
    do {
      width = try Fuser.dimensions(fuse, columns)
      fuser = try Fuser(fuse, columns, failureRows: .record)
    } catch { throw Failure.usage("\(error)") }
    layout = RecordLayout(
      columns: columns, fusedDimensions: width, hasSteps: hasSteps,
      metadata: Self.metadata(choice, grid, fuse, selection, reuseBelow, hasSteps, ffmpeg: try Self.ffmpegVersion()))
  }

  private static func reuse(below limit: Double, _ model: any Model) throws -> PictureReuse? {
    guard limit > 0 else { return nil }
    guard model.pictures != nil else { throw Failure.usage("--reuse: \(model.name) has no encoder for pictures") }
    guard model.encodesPicturesAlone else {
      throw Failure.usage("--reuse: \(model.name) compares each picture with the one before, it must see all")
    }
    return PictureReuse(below: limit)
  }

  private static func ffmpegVersion() throws -> String {
    do throws(SourceError) { return try Decoding.program.hello().ffmpeg } catch {
      throw Failure(message: "\(error)", exitCode: error.exitCode)
    }
  }

  private static func metadata(
    _ choice: ModelChoice, _ grid: Grid, _ fuse: Fuser.Kind, _ selection: TrackSelection, _ reuseBelow: Double,
    _ hasSteps: Bool, ffmpeg: String
  ) -> [(key: String, value: String)] {
    let (model, weights) = (choice.model, choice.sha256)
    let lookahead = model.sound?.delay.nanoseconds ?? 0
    let tracks = selection.entries.map(\.description).joined(separator: ",")
    // All that decides the numbers in a record; the order of these lines is part of the hash.
    var configuration = [
      "model \(model.name) \(weights)", "window \(grid.length.flicks)", "hop \(grid.hop.flicks)",
      "fps \(grid.pictureRate)", "fuse \(fuse.rawValue)", "head none", "tracks \(tracks)", "steps \(hasSteps)",
      "precision \(choice.precision)",
    ]
    if reuseBelow > 0 { configuration.append("reuse \(reuseBelow)") }
    return [
      ("tandem.schema", "1"), ("tandem.version", Version.text), ("tandem.model", model.name),
      ("tandem.model_sha256", weights),
      ("tandem.config_sha256", SHA256.hex(Array(configuration.joined(separator: "\n").utf8))),
      ("tandem.semantic", String(model.isSemantic)), ("tandem.space", model.space.rawValue),
      ("tandem.window_ns", String(grid.length.nanoseconds)), ("tandem.hop_ns", String(grid.hop.nanoseconds)),
      ("tandem.lookahead_ns", String(lookahead)), ("tandem.fuse", fuse.rawValue), ("tandem.ffmpeg", ffmpeg),
      ("tandem.blas", choice.products), ("tandem.precision", choice.precision),
    ]
  }
}
