import External
import Media
import Serve

/// The figures of encoders that are other programs, by the modality that each of them has to itself. In every one
/// `requests = answers + failed`, but for what is under way.
struct EncoderMetrics {
  let families: [MetricFamily]

  init(_ programs: [ExternalPart]) {
    let encoders = programs.map { (modality: $0.modality.rawValue, health: $0.encoder.health) }
    func each(
      _ name: String, _ kind: MetricFamily.Kind, _ help: String, _ value: (EncoderHealth) -> Int64
    ) -> MetricFamily {
      MetricFamily(
        name, kind, help: help,
        encoders.map { MetricSample(.integer(value($0.health)), [("modality", $0.modality)]) })
    }
    func named(_ name: String, _ help: String, label: String, _ names: (String) -> String?) -> MetricFamily {
      MetricFamily(
        name, .counter, help: help,
        encoders.flatMap { modality, health in
          health.counters.values.sorted { $0.key < $1.key }.compactMap { key, value in
            names(key).map { MetricSample(.integer(value), [("modality", modality), (label, $0)]) }
          }
        })
    }

    families = [
      each("tandem_encoder_up", .gauge, "1 while an encoder that is another program runs.") { $0.isUp ? 1 : 0 },
      each("tandem_encoder_requests", .counter, "Inputs for encoders that are other programs.") {
        $0.counters["encoder_requests"]
      },
      each("tandem_encoder_answers", .counter, "Inputs that became vectors.") { $0.counters["encoder_answers"] },
      named("tandem_encoder_failed", "Inputs without a vector, by what was wrong.", label: "reason") { key in
        key.hasPrefix(Self.failed) ? String(key.dropFirst(Self.failed.count)) : nil
      },
      each("tandem_encoder_restarts", .counter, "Times a program was started again.") {
        $0.counters["encoder_restarts"]
      },
      named("tandem_encoder_ignored", "What programs said that nobody waited for.", label: "what") { key in
        Self.ignored.contains(key) ? String(key.dropFirst("encoder_".count)) : nil
      },
    ]
  }

  private static let failed = "encoder_failed_"
  private static let ignored = ["encoder_unknown_ids", "encoder_repeated_ids", "encoder_stderr_lines_hidden"]
}
