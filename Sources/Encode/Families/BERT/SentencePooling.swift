import FoundationEssentials
import Linear

/// How sentence-transformers make one vector of a text's tokens, as `1_Pooling/config.json` says; their mean without it.
/// That they then make it of length one is left to the caller.
enum SentencePooling: Sendable {
  case mean, firstToken

  init(_ folder: CheckpointFolder) throws(LinearError) {
    try Self.checkModules(folder)
    guard let settings = try Settings.read("1_Pooling/config.json", of: folder) else {
      self = .mean
      return
    }
    for key in Self.unknown where try settings.flag(key, default: false) {
      throw settings.wrong(key, "is a pooling not known here; mean_tokens and cls_token are")
    }
    let isMean = try settings.flag("pooling_mode_mean_tokens", default: true)
    let isFirst = try settings.flag("pooling_mode_cls_token", default: false)
    guard isMean != isFirst else {
      throw settings.wrong("pooling_mode_mean_tokens", "and pooling_mode_cls_token do not name one of the two")
    }
    self = isMean ? .mean : .firstToken
  }

  private static let unknown = ["max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"].map {
    "pooling_mode_\($0)"
  }

  /// `modules.json` may list nothing that is not done here, e.g. another dense layer.
  private static func checkModules(_ folder: CheckpointFolder) throws(LinearError) {
    let modules = try folder.optional([Module].self, "modules.json") ?? []
    for module in modules where !["Transformer", "Pooling", "Normalize"].contains(module.name) {
      throw .file(
        path: "\(folder.path)/modules.json", reason: "type \(module.type.prefix(80).debugDescription) is not known here"
      )
    }
  }

  private struct Module: Decodable {
    let type: String
    /// Without the Python module's name.
    var name: Substring { type.split(separator: ".").last ?? "" }
  }
}
