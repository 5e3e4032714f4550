import Align
import Config
import Media
import Serve
import Store
import Supervise
import System

/// The figures of the daemon, as they stand now. In every source `windows_due = windows_given + windows_dropped`,
/// over all reasons.
struct DaemonMetrics {
  let families: [MetricFamily]

  init(_ parts: DaemonParts, _ runners: [SourceRunner], reloads: (done: Int64, failed: Int64)) {
    let (room, finished) = (parts.desk.room, parts.finished.figures)
    let sources = runners.map { ($0.config.name, $0.status.snapshot) }
    func each(
      _ name: String, _ kind: MetricFamily.Kind, unit: String? = nil, _ help: String,
      _ value: (SourceStatus.Snapshot) -> MetricSample.Value?
    ) -> MetricFamily {
      MetricFamily(
        name, kind, unit: unit, help: help,
        sources.compactMap { source, snapshot in value(snapshot).map { MetricSample($0, [("source", source)]) } })
    }
    func one(
      _ name: String, _ kind: MetricFamily.Kind, unit: String? = nil, _ help: String, _ value: MetricSample.Value
    ) -> MetricFamily { MetricFamily(name, kind, unit: unit, help: help, [MetricSample(value)]) }
    func named(_ name: String, _ help: String, _ counters: Counters, label: String) -> MetricFamily {
      MetricFamily(
        name, .counter, help: help,
        counters.values.sorted { $0.key < $1.key }.map { MetricSample(.integer($0.value), [(label, $0.key)]) })
    }

    let own = [
      each("tandem_windows_due", .counter, "Windows that are over, but for those under way.") {
        .integer($0.windows.due)
      },
      each("tandem_windows_given", .counter, "Windows whose records are written.") { .integer($0.windows.given) },
      MetricFamily(
        "tandem_windows_dropped", .counter, help: "Windows that became no record, by reason.",
        sources.flatMap { source, snapshot in
          WindowLoss.allCases.map {
            MetricSample(.integer(snapshot.windows[$0]), [("source", source), ("reason", $0.rawValue)])
          }
        }),
      each("tandem_windows_stored_before", .counter, "Windows that an earlier run had stored.") {
        .integer($0.storedBefore)
      },
      each("tandem_files", .counter, "Files of directories that were read.") { .integer($0.files) },
      each("tandem_epochs", .counter, "Stretches of continuous time.") { .integer($0.epochs) },
      each("tandem_reconnects", .counter, "Times a source was opened anew.") { .integer($0.reconnects) },
      each("tandem_worker_restarts", .counter, "Decoders that died or had to be ended.") { .integer($0.restarts) },
      each("tandem_source_up", .gauge, "1 while a source gives content.") { .integer($0.phase == .running ? 1 : 0) },
      each("tandem_time_uncertainty_seconds", .gauge, unit: "seconds", "Bound on the error of its time.") {
        $0.uncertainty.map { .real($0 / 1e6) }
      },
      each("tandem_wall_drift_ppm", .gauge, "How much the wall's clock outruns the source's.") {
        $0.driftPPM.map { .real(Double($0)) }
      },
      MetricFamily(
        "tandem_source_losses", .counter, help: "What sources lost, by name of the loss.",
        sources.flatMap { source, snapshot in
          snapshot.losses.values.sorted { $0.key < $1.key }.map {
            MetricSample(.integer($0.value), [("source", source), ("reason", $0.key)])
          }
        }),
      MetricFamily(
        "tandem_record_latency_seconds", .histogram, unit: "seconds",
        help: "From the arrival of what completed a window to its way out.",
        runners.map { MetricSample(.histogram($0.status.latency.histogram), [("source", $0.config.name)]) }),
      MetricFamily(
        "tandem_stage_latency_seconds", .histogram, unit: "seconds", help: "How long things take at each stage.",
        [
          ("waiting", parts.hall.waits), ("encoding", parts.hall.works), ("writing", parts.desk.writes),
          ("syncing", parts.desk.syncs),
        ].map { MetricSample(.histogram($1.histogram), [("stage", $0)]) }),
    ]
    let queues = [
      MetricFamily(
        "tandem_source_waiting_bytes", .gauge, unit: "bytes", help: "Content of a source that waits to be encoded.",
        runners.map { MetricSample(.integer(Int64($0.waiting)), [("source", $0.config.name)]) }),
      one(
        "tandem_encode_waiting_bytes", .gauge, unit: "bytes", "The same of all sources, readings that have ended too.",
        .integer(Int64(parts.hall.waiting))),
      one(
        "tandem_encode_working_bytes", .gauge, unit: "bytes", "Content that the encoders have taken and work on.",
        .integer(Int64(parts.hall.working))),
      one("tandem_records_waiting", .gauge, "Records that wait to be written.", .integer(Int64(parts.desk.waiting))),
      MetricFamily(
        "tandem_readers_waiting_bytes", .gauge, unit: "bytes", help: "Records on their way to readers, all together.",
        [("socket", parts.desk.socketWaiting), ("http", parts.desk.feedWaiting)].map { door, waiting in
          MetricSample(.integer(Int64(waiting.reduce(0, +))), [("door", door)])
        }),
    ]
    let rest = [
      named("tandem_store", "What became of records and files of the store.", parts.desk.storeCounters, label: "what"),
      one(
        "tandem_store_sources", .gauge, "Sources and files whose last record the store knows by name.",
        .integer(Int64(parts.desk.sourceCount))),
      MetricFamily(
        "tandem_store_free_bytes", .gauge, unit: "bytes", help: "Left on the disk of the store.",
        room.map { [MetricSample(.integer(Int64($0.free)))] } ?? []),
      MetricFamily(
        "tandem_store_reserve_bytes", .gauge, unit: "bytes", help: "Of that, what is kept free of records.",
        room.map { [MetricSample(.integer(Int64($0.reserve)))] } ?? []),
      one(
        "tandem_finished_files", .gauge, "Recorded files that are remembered as done with.",
        .integer(Int64(finished.files))),
      one(
        "tandem_finished_files_dropped", .counter, "Of those, forgotten since they were gone or had changed.",
        .integer(finished.dropped)),
      one(
        "tandem_finished_files_unnoted", .counter, "Done with and not remembered: there was no room.",
        .integer(finished.unnoted)),
      named("tandem_readers", "What became of readers of the socket.", parts.desk.socketCounters, label: "what"),
      MetricFamily(
        "tandem_reloads", .counter, help: "Configurations read again.",
        [
          MetricSample(.integer(reloads.done), [("result", "done")]),
          MetricSample(.integer(reloads.failed), [("result", "failed")]),
        ]),
      one(
        "tandem_log_lines_lost", .counter, "Lines of the log that nobody took in time.",
        .integer(Messages.service.lost)),
      one(
        "tandem_resident_memory_bytes", .gauge, unit: "bytes", "Of this process, without its workers.",
        .integer(Int64(residentBytes() ?? 0))),
      MetricFamily(
        "tandem_worker_resident_memory_bytes", .gauge, unit: "bytes", help: "Of the decoders that run for a source.",
        runners.compactMap { runner in
          runner.workerMemory.map { MetricSample(.integer(Int64($0)), [("source", runner.config.name)]) }
        }),
    ]
    families = own + queues + rest + EncoderMetrics(parts.plan.programs).families
  }
}
