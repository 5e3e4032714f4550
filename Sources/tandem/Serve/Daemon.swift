import Config
import Dispatch
import Emit
import Flow
import Fuse
import Glibc
import Linear
import Media
import Serve
import Store
import Supervise
import System

/// The daemon, from top to bottom: the model is loaded, the store and the sockets are open, then the sources begin.
/// It ends in the opposite order, so that what was read is written.
final class Daemon {
  private let file: String
  private let flags: [String]
  private var config: DaemonConfig
  /// As it was read at the start: what waits for the next one is measured by it.
  private let started: DaemonConfig
  private let manager: ServiceManager
  private let inherited: InheritedSockets
  private let clock = Clock.system
  private let signals = ServiceSignals()

  /// - Parameters: the configuration, and what outranks it, as `KEY=VALUE`.
  /// - Throws: `Failure` 66 and 78 for a configuration that is none.
  init(_ file: String, flags: [String]) throws {
    self.file = file
    self.flags = flags
    started = try DaemonConfig.read(file, flags: flags)
    config = started
    manager = ServiceManager(
      socket: environment("NOTIFY_SOCKET"), watchdog: environment("WATCHDOG_USEC"), watched: environment("WATCHDOG_PID")
    )
    inherited = InheritedSockets(
      pid: environment("LISTEN_PID"), count: environment("LISTEN_FDS"), names: environment("LISTEN_FDNAMES"))
  }

  /// Serves until it is asked to end.
  /// - Throws: `Failure`: what could not be opened.
  func run() throws {
    signals.listen()
    do throws(Errno) { try Messages.service.start() } catch { throw Failure(noThread: error) }
    let pulses = Pulses(now: clock.now)
    let plan = try WayPlan(config, of: file, .service(signals.lastMoment))
    defer { for program in plan.programs { program.close() } }
    unsafe mkdir(PathText.cString(config.state), 0o700)  // where it cannot be made, opening says so
    let finished = try openFinished()
    let desk = try openDesk(plan.layout, finished)
    let hall = EncodeHall(plan, desk, memory: config.limits.memory, clock) { finished.abandon($0) }
    let parts = DaemonParts(
      config, plan, hall, desk, finished, pulses, Credentials(environment: environmentVariables()), clock)
    let sources = SourceTable(parts)
    let face = DaemonView(parts, sources)
    let http = try openHTTP(face)

    do throws(Errno) {
      try desk.start(pulses.begin("records", within: .seconds(60)))
      try hall.start(pulses.begin("encoders", within: .seconds(60)))
    } catch { throw Failure(noThread: error) }
    for source in config.sources { sources.put(source) }
    manager.tell(.ready, .status(face.summary))
    Messages.line("tandem: ready, sources: \(config.sources.count)")
    Self.sweep(finished)
    watch(sources, parts, face)

    manager.tell(.stopping)
    defer { http.stop() }
    try stop(sources, hall, desk)
  }

  /// From the sources on: each has its time, and what it could not do by then is said.
  /// - Throws: `Failure` 70.
  private func stop(_ sources: SourceTable, _ hall: EncodeHall, _ desk: RecordDesk) throws {
    let slow = sources.stop(by: .now() + .seconds(3))
    if !slow.isEmpty { Messages.warning("did not end in time: \(slow.joined(separator: ", "))") }
    hall.close(within: .seconds(3))
    signals.raiseLastMoment(in: .milliseconds(1500))  // then an encoder has a second to answer, and one to end
    let isEncoded = hall.hasEnded(by: .now() + .seconds(4))
    desk.close(within: .seconds(2))
    let isWritten = desk.hasEnded(by: .now() + .seconds(7))  // readers take what waits for them
    guard isEncoded, isWritten else {
      throw Failure(message: "\(isEncoded ? "records" : "encoders") did not end in time", exitCode: 70)
    }
  }

  /// Until somebody wants it to end: reloads when asked to, and tells the service manager that all move, if they do.
  private func watch(_ sources: SourceTable, _ parts: DaemonParts, _ face: DaemonView) {
    let beat = manager.watchdog.map { $0 / 3 } ?? .seconds(5)
    var known: [String] = []
    while true {
      switch signals.wait(beat) {
      case .stop: return
      case .reload: reload(sources, parts, face)
      case nil: break
      }
      for program in parts.plan.programs { program.attend() }
      sources.attend()
      let stuck = parts.pulses.stuck
      if stuck != known, !stuck.isEmpty { Messages.error("no longer moves: \(stuck.joined(separator: ", "))") }
      known = stuck
      if stuck.isEmpty { manager.tell(.alive, .status(face.summary)) }
    }
  }

  /// A configuration with an error changes nothing.
  private func reload(_ sources: SourceTable, _ parts: DaemonParts, _ face: DaemonView) {
    manager.tell(.reloading(now: clock.now()))
    defer { manager.tell(.ready, .status(face.summary)) }
    do {
      let fresh = try DaemonConfig.read(file, flags: flags)
      let difference = ConfigDifference(from: config, to: fresh, .own)
      parts.settings = fresh
      parts.desk.change(StoreLimits(fresh.records))
      for name in difference.removed { _ = sources.remove(name) }
      for source in fresh.sources where (difference.added + difference.changed).contains(source.name) {
        sources.put(source)
      }
      if let warning = ConfigDifference(from: started, to: fresh, .own).warning { Messages.warning(warning) }
      config = fresh
      face.noteReload(nil)
      Messages.line("tandem: \(shown(file)) is taken over: \(difference.words)")
    } catch {
      let reason = (error as? Failure)?.message ?? "see above"
      Messages.error("\(shown(file)) is not taken over, what was valid before goes on: \(reason)")
      face.noteReload(reason)
    }
  }

  // MARK: Opening

  private func openDesk(_ layout: RecordLayout, _ finished: FinishedFiles) throws -> RecordDesk {
    let writer = ArrowWriter(layout)
    let hash = layout.metadata.first { $0.key == "tandem.config_sha256" }?.value ?? ""
    let limits = StoreLimits(config.records)
    let store: RecordStore
    do throws(StoreError) {
      store = try RecordStore.open(
        "\(config.state)/records",
        StoreLayout(opening: writer.opening, closing: writer.closing, configHash: hash), limits, now: clock.wall)
    } catch { throw Failure(message: "\(error)", exitCode: error.exitCode) }
    let aside = store.counters["store_damaged_segments"]
    if aside > 0 { Messages.warning("\(shown(config.state))/records: \(aside) segments lie aside, damaged") }
    let policy = ReaderPolicy(isLive: true, now: clock.now)
    let setting = RecordDesk.Setting(
      sync: Duration(config.records.sync), gather: Duration(config.records.batch))
    let place = try recordsPlace()
    do throws(EmitError) {
      let socket = try SocketSink(
        place, opening: writer.opening, policy, readers: config.records.readers, room: config.records.readerBuffer,
        users: config.records.users?.numbers
      ) { RecordFormat.arrow.bytes($0, layout) }
      return RecordDesk(
        layout, store, socket, setting, clock, onFinished: { Self.note($0, finished, $1) },
        onRefused: { finished.abandon($0) })
    } catch { throw Failure(error) }
  }

  /// On a thread of its own, for files may lie on disks that do not answer.
  private static func sweep(_ finished: FinishedFiles) {
    do throws(Errno) {
      try startThread {
        do throws(Errno) { try finished.sweep() } catch { Messages.warning("the list of finished files: \(error)") }
      }
    } catch { Messages.warning("the list of finished files is not looked through: no thread: \(error)") }
  }

  private func recordsPlace() throws -> SocketSink.Place {
    if let number = inherited.numbers["records"]?.first { return .inherited(number) }
    return .path(
      config.records.socket, mode: mode_t(config.records.mode),
      group: try config.recordsGroup())
  }

  private func openFinished() throws -> FinishedFiles {
    do throws(Errno) { return try FinishedFiles(in: config.state) } catch {
      throw Failure(message: "\(shown(config.state))/finished: \(error)", exitCode: 73)
    }
  }

  /// - Parameter done: called where the file of this label will never be read again.
  private static func note(_ label: String, _ finished: FinishedFiles, _ done: () -> Void) {
    do throws(Errno) { try finished.finish(label, then: done) } catch {
      Messages.warning("the list of finished files: \(error); after a restart \(label) is read again")
    }
  }

  private func openHTTP(_ face: DaemonView) throws -> HTTPServer {
    var places: [ServeOptions.Place] = []
    if let numbers = inherited.numbers["http"] {
      places = numbers.map { .inherited($0) }
    } else {
      places = [.unix(path: config.http.socket, mode: UInt32(config.http.mode), group: try config.httpGroup())]
    }
    if let tcp = config.http.tcp { places.append(.tcp(host: tcp.host, port: tcp.port)) }
    var options = ServeOptions(places) { Messages.line("tandem: http: \($0)") }
    options.limits.clients = config.http.clients
    options.limits.headerBytes = config.http.headerLimit
    options.limits.bodyBytes = config.http.bodyLimit
    options.limits.idle = Duration(config.http.idle)
    options.users = config.http.users?.numbers
    do {
      options.token = try config.http.token.map { try Credentials(environment: environmentVariables()).read($0) }
      let server = HTTPServer(options, face)
      try server.start()
      return server
    } catch let error as ServeError {
      throw Failure(message: "\(error)", exitCode: error.exitCode)
    } catch { throw Failure(message: "\(error)", exitCode: 78) }
  }
}

extension StoreLimits {
  init(_ records: DaemonConfig.Records) {
    self.init()
    segmentBytes = records.segmentSize
    segmentAge = records.segmentAge.wholeSeconds
    totalBytes = records.keepSize
    age = records.keepAge > .zero ? records.keepAge.wholeSeconds : nil
  }
}

extension TimeSpan {
  /// Rounded up.
  fileprivate var wholeSeconds: Int { Int((flicks + Self.flicksPerSecond - 1) / Self.flicksPerSecond) }
}

extension Failure {
  fileprivate init(noThread error: Errno) { self.init(message: "no thread: \(error)", exitCode: 71) }
}
