import Fuse
import Media
import Yams

/// Which checkpoint or program encodes which modality, as a file in configs/models says it.
struct Recipe: Decodable {
  struct Video: Decodable {
    var encoder: EncoderOrigin
    /// Pictures per second where the user asks for no other rate.
    var fps: RateText?

    init(from decoder: any Decoder) throws {
      let values = try decoder.strictContainer(keyedBy: Keys.self)
      encoder = try EncoderOrigin(from: decoder)
      fps = try values.decodeIfPresent(RateText.self, forKey: .fps)
    }

    private enum Keys: String, CodingKey, CaseIterable {
      case model, command, timeout, startTimeout = "start_timeout", fps
    }
  }

  struct Audio: Decodable {
    var encoder: EncoderOrigin
    /// The encoder's own window, said so that the reader knows; another one is an error.
    var window: DurationText?
    /// Distance of the encoder's windows.
    var hop: DurationText?

    init(from decoder: any Decoder) throws {
      let values = try decoder.strictContainer(keyedBy: Keys.self)
      encoder = try EncoderOrigin(from: decoder)
      window = try values.decodeIfPresent(DurationText.self, forKey: .window)
      hop = try values.decodeIfPresent(DurationText.self, forKey: .hop)
    }

    private enum Keys: String, CodingKey, CaseIterable {
      case model, command, timeout, startTimeout = "start_timeout", window, hop
    }
  }

  struct Text: Decodable {
    var encoder: EncoderOrigin

    init(from decoder: any Decoder) throws {
      _ = try decoder.strictContainer(keyedBy: Keys.self)
      encoder = try EncoderOrigin(from: decoder)
    }

    private enum Keys: String, CodingKey, CaseIterable { case model, command, timeout, startTimeout = "start_timeout" }
  }

  var name: String
  var video: Video?
  var audio: Audio?
  var text: Text?
  var fuse: Fuser.Kind?

  init(from decoder: any Decoder) throws {
    let values = try decoder.strictContainer(keyedBy: Keys.self)
    name = try values.decode(String.self, forKey: .name)
    video = try values.decodeIfPresent(Video.self, forKey: .video)
    audio = try values.decodeIfPresent(Audio.self, forKey: .audio)
    text = try values.decodeIfPresent(Text.self, forKey: .text)
    fuse = try values.decodeIfPresent(String.self, forKey: .fuse).map { name in
      guard let kind = Fuser.Kind(rawValue: name) else {
        throw DecodingError.dataCorruptedError(forKey: .fuse, in: values, debugDescription: "\(name) is no fusion")
      }
      return kind
    }
  }

  private enum Keys: String, CodingKey, CaseIterable { case name, video, audio, text, fuse }

  /// - Throws: `Failure` 78 naming the file and the key.
  static func read(_ path: String) throws -> Recipe {
    do {
      return try YAMLDecoder().decode(Recipe.self, from: contents(of: path, limit: 1 << 20))
    } catch let error as FileProblem {
      throw Failure(message: "\(error)", exitCode: 78)
    } catch let error as DecodingError {
      throw Failure(message: "\(shown(path)): \(error.words)", exitCode: 78)
    } catch { throw Failure(message: "\(shown(path)): no YAML: \(error)", exitCode: 78) }
  }
}

extension DurationText: Decodable {
  init(from decoder: any Decoder) throws {
    self = try Self.decoded(from: decoder, Self.init(argument:), "is no length of time")
  }
}

extension RateText: Decodable {
  init(from decoder: any Decoder) throws { self = try Self.decoded(from: decoder, Self.init(argument:), "is no rate") }
}

extension Decodable {
  /// A value that is spelt as in the flags.
  fileprivate static func decoded(
    from decoder: any Decoder, _ parse: (String) -> Self?, _ complaint: String
  ) throws -> Self {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let value = parse(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) \(complaint)")
    }
    return value
  }
}

extension Decoder {
  /// A container in which every key is known: a misspelt one is an error, not silently the default.
  fileprivate func strictContainer<Key: CodingKey & CaseIterable>(
    keyedBy: Key.Type
  ) throws -> KeyedDecodingContainer<Key> {
    let known = Set(Key.allCases.map(\.stringValue))
    for key in try container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(codingPath: codingPath + [key], debugDescription: "unknown key"))
    }
    return try container(keyedBy: Key.self)
  }
}

private struct AnyKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension DecodingError {
  /// Where and what, in one line.
  fileprivate var words: String {
    let (context, what) =
      switch self {
      case .keyNotFound(let key, let context): (context, "has no \(key.stringValue)")
      case .typeMismatch(_, let context), .valueNotFound(_, let context): (context, "is of the wrong kind")
      case .dataCorrupted(let context): (context, context.debugDescription)
      @unknown default: (Context(codingPath: [], debugDescription: ""), "cannot be read")
      }
    let place = context.codingPath.map(\.stringValue).joined(separator: ".")
    return place.isEmpty ? what : "\(place): \(what)"
  }
}
