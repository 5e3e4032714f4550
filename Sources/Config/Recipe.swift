package import Media

/// Which checkpoint or program encodes which modality, as a file in configs/models says it.
package struct Recipe: Hashable, Sendable {
  package struct Video: Hashable, Sendable {
    package var encoder: EncoderOrigin
    /// Pictures per second where the user asks for no other rate.
    package var fps: Ratio?
  }

  package struct Audio: Hashable, Sendable {
    package var encoder: EncoderOrigin
    /// The encoder's own window, said so that the reader knows; another one is an error.
    package var window: TimeSpan?
    /// Distance of the encoder's windows.
    package var hop: TimeSpan?
  }

  package struct Text: Hashable, Sendable {
    package var encoder: EncoderOrigin
  }

  package var name: String
  package var video: Video?
  package var audio: Audio?
  package var text: Text?
  package var fuse: String?

  /// - Parameters:
  ///   - file: what messages call it.
  ///   - fusions: the words for `fuse`.
  /// - Throws: all that is wrong, each in one line with its key.
  package init(_ text: String, file: String, fusions: [String]) throws(ConfigError) {
    let root: Field
    do throws(ConfigProblem) { root = try YAMLDocument.parse(text, file) } catch {
      throw ConfigError(problems: [error])
    }
    var problems = Problems(file: file)
    let map = FieldMap(root, "", known: ["name", "video", "audio", "text", "fuse"], &problems)
    name = map?.value("name", .text(), &problems) ?? ""
    if let map, map["name"] == nil { problems.add(line: map.line, "", "has no name") }
    video = Self.part("video", ["fps"], map, &problems) { encoder, part, problems in
      Video(encoder: encoder, fps: part.value("fps", .rate, &problems))
    }
    audio = Self.part("audio", ["window", "hop"], map, &problems) { encoder, part, problems in
      Audio(
        encoder: encoder, window: part.value("window", .encoderSpan, &problems),
        hop: part.value("hop", .encoderSpan, &problems))
    }
    self.text = Self.part("text", [], map, &problems) { encoder, _, _ in Text(encoder: encoder) }
    fuse = map?.value("fuse", .word(fusions), &problems)
    try problems.check()
  }

  /// One modality of the recipe; nil where it is not there or wrong.
  private static func part<Part>(
    _ key: String, _ ownKeys: [String], _ map: FieldMap?, _ problems: inout Problems,
    _ make: (EncoderOrigin, FieldMap, inout Problems) -> Part
  ) -> Part? {
    guard let map, let entry = map[key],
      let part = FieldMap(entry.value, key, known: EncoderOrigin.keys + ownKeys, &problems)
    else { return nil }
    return EncoderOrigin(part, &problems).map { make($0, part, &problems) }
  }
}
