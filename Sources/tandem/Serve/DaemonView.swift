import Align
import Config
import Emit
import Media
import Seam
import Serve
import Store
import Supervise
import Synchronization

/// The daemon as its HTTP door shows it.
final class DaemonView: DaemonFace {
  private let parts: DaemonParts
  private let table: SourceTable
  private let drawing: DecodeProgram
  private let opening: [UInt8]
  private let reloads = Mutex((done: Int64(0), failed: Int64(0)))

  init(_ parts: DaemonParts, _ table: SourceTable) {
    self.parts = parts
    self.table = table
    drawing = DecodeProgram(path: environment("TANDEM_DECODE"), version: Version.text)
    opening = ArrowWriter(parts.plan.layout).opening
  }

  /// One line about all.
  var summary: String {
    let running = table.all.count { $0.status.snapshot.phase == .running }
    let given = table.all.reduce(0) { $0 + $1.status.snapshot.windows.given }
    return "\(running) of \(table.all.count) sources running, \(given) windows given"
  }

  /// - Parameter problem: why it was not taken over; nil: it was.
  func noteReload(_ problem: String?) {
    reloads.withLock { if problem == nil { $0.done += 1 } else { $0.failed += 1 } }
  }

  func ailments() -> [String] { parts.pulses.stuck.map { "\($0) no longer moves" } }

  func obstacles() -> [String] {
    let store = parts.desk.obstacle.map { ["records: \($0)"] } ?? []
    let sources = table.all.filter { [.starting, .connecting, .waiting].contains($0.status.snapshot.phase) }.map {
      "source \($0.config.name): \($0.status.snapshot.lastError ?? "not connected yet")"
    }
    return store + ailments() + parts.plan.programs.compactMap(\.obstacle) + sources
  }

  func metrics() -> [MetricFamily] {
    DaemonMetrics(parts, table.all, reloads: reloads.withLock { $0 }).families
  }

  func sources() -> [Serve.SourceReport] { table.all.map(report) }

  func picture(of source: String) throws(FaceError) -> PictureFile? {
    guard let runner = table[source] else { throw .unknown("no source is named \(source)") }
    guard let image = runner.status.lastPicture else { return nil }
    do throws(SourceError) {
      return PictureFile(.jpeg, try drawing.draw(image, as: .jpeg))
    } catch { throw .unavailable("\(error)") }
  }

  func put(source: String, _ body: [UInt8]) throws(FaceError) -> Bool {
    let config: SourceConfig
    do throws(ConfigError) {
      config = try SourceConfig(named: source, String(decoding: body, as: UTF8.self), .own)
    } catch { throw .invalid("\(error)") }
    let limit = parts.settings.limits.sources
    let change = table.put(config, limit: limit)
    switch change {
    case .added, .changed: Messages.line("tandem: \(source): \(change) by HTTP")
    case .same: break
    case .full: throw .conflict("there are \(limit) sources already, as many as limits.sources allows")
    case .stopping: throw .unavailable("the daemon is stopping")
    }
    return change == .added
  }

  func delete(source: String) throws(FaceError) {
    guard table.remove(source) else { throw .unknown("no source is named \(source)") }
    Messages.line("tandem: \(source): removed by HTTP")
  }

  func subscribe(sources: [String], from position: String?) throws(FaceError) -> any RecordSubscription {
    let known = Set(table.all.map(\.config.name))
    let wanted = Set(sources)
    // One that has been removed may have records yet.
    if let unknown = sources.first(where: {
      !known.contains($0) && !$0.contains("/") && !parts.desk.knows($0)
    }) {
      throw .unknown("no source is named \(unknown)")
    }
    guard let position else {
      return LiveSubscription(parts, opening: opening, wanted)
    }
    guard let place = Position(position) else { throw .invalid("\(position) is no position: SEGMENT:OFFSET") }
    return ReplaySubscription(parts, opening: opening, wanted, from: place)
  }

  private func report(_ runner: SourceRunner) -> Serve.SourceReport {
    let state = runner.status.snapshot
    return Serve.SourceReport(
      name: runner.config.name, url: "\(runner.config.url)", state: state.phase.rawValue, epoch: state.epoch,
      windows: state.windows.given, dropped: state.windows.dropped, reconnects: state.reconnects,
      lastError: state.lastError, position: "\(parts.desk.durable)",
      driftPPM: state.driftPPM)
  }
}
