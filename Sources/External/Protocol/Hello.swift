import FoundationEssentials
package import Media

/// What Tandem says first.
package struct Greeting: Encodable, Sendable {
  package static let protocolName = "tandem-encoder/1"

  let `protocol` = Self.protocolName
  let version: String
  /// What the program will be asked about: `audio`, `video` or `text`.
  let modality: String
  /// The same input is expected to give the same bits; then requests come one by one.
  let deterministic: Bool

  /// version: Tandem's own.
  package init(version: String, modality: Modality, isDeterministic: Bool) {
    self.version = version
    self.modality = modality.rawValue
    deterministic = isDeterministic
  }
}

/// What a program answers to the greeting: what it is, what it wants, what it gives. docs/external-encoders.md
/// explains the keys.
package struct Hello: Codable, Hashable, Sendable {
  package var `protocol`: String
  package var name: String
  package var modality: String
  package var dim: Int
  package var width: Int?
  package var height: Int?
  package var fps: Spelling?
  package var rate: Int?
  package var window: Spelling?
  package var hop: Spelling?
  package var maxBatch: Int?
  package var semantic: Bool?
  package var space: String?

  /// Most vectors' length.
  static let dimensionLimit = 1 << 16
  /// Most requests under way.
  package static let batchLimit = 64

  enum CodingKeys: String, CodingKey, CaseIterable {
    case `protocol`, name, modality, dim, width, height, fps, rate, window, hop, semantic, space
    case maxBatch = "max_batch"
  }

  /// On one line, its keys in order: the same for the same answer.
  package var line: String { jsonLine(self) }

  /// Requests that may be under way.
  package var batch: Int { maxBatch ?? 1 }

  /// - Throws: `Mishap` of kind `handshake`, saying what is wrong with it.
  init(line: some Sequence<UInt8>, answering greeting: Greeting) throws(Mishap) {
    let bytes = Array(line)
    do {
      let keys = try JSONDecoder().decode(AnyKeys.self, from: Data(bytes)).names
      if let refusal = keys["error"] ?? nil { throw Mishap(.handshake, "refuses: \(excerpt(refusal.utf8))") }
      if let unknown = keys.keys.sorted().first(where: { CodingKeys(rawValue: $0) == nil }) {
        throw Mishap(.handshake, "the handshake has the unknown key \(excerpt(unknown.utf8))")
      }
      self = try JSONDecoder().decode(Hello.self, from: Data(bytes))
    } catch let mishap as Mishap {
      throw mishap
    } catch DecodingError.keyNotFound(let key, _) {
      throw Mishap(.handshake, "the handshake has no \(key.stringValue)")
    } catch DecodingError.typeMismatch(_, let context) where !context.codingPath.isEmpty {
      throw Mishap(.handshake, "the handshake's \(context.codingPath[0].stringValue) is of the wrong kind")
    } catch {
      throw Mishap(.handshake, "sent \(excerpt(bytes)) for a handshake: its output belongs to the protocol")
    }
    if let complaint = complaint(greeting) { throw Mishap(.handshake, "the handshake's \(complaint)") }
  }

  private func complaint(_ greeting: Greeting) -> String? {
    let sides = 1...4096
    return if `protocol` != greeting.protocol {
      "protocol is \(excerpt(`protocol`.utf8)), not \(greeting.protocol)"
    } else if modality != greeting.modality {
      "modality is \(excerpt(modality.utf8)), but the recipe has it for \(greeting.modality)"
    } else if !(1...Self.dimensionLimit).contains(dim) {
      "dim is not from 1 to \(Self.dimensionLimit)"
    } else if name.isEmpty || name.utf8.count > 200 {
      "name is empty or too long"
    } else if let key = unprintable {
      "\(key) holds control characters"
    } else if (width == nil) != (height == nil) || ![width, height].allSatisfy({ $0.map(sides.contains) ?? true }) {
      "width and height are not both from 1 to 4096"
    } else if !(1...Self.batchLimit).contains(batch) {
      "max_batch is not from 1 to \(Self.batchLimit)"
    } else if !(rate.map((1000...384_000).contains) ?? true) {
      "rate is not from 1000 to 384000"
    } else {
      missing
    }
  }

  /// A key of a text that would move a terminal's cursor.
  private var unprintable: String? {
    let texts = [("name", name), ("space", space), ("fps", fps?.text), ("window", window?.text), ("hop", hop?.text)]
    return texts.first { $0.1.map { printable($0) != $0 } ?? false }?.0
  }

  /// What its modality demands and it does not say.
  private var missing: String? {
    guard modality == Modality.audio.rawValue else { return nil }
    return rate == nil ? "rate is missing" : window == nil ? "window is missing" : nil
  }
}

/// A length of time or a rate as it is written: `"10s"`, `"30000/1001"`, `2`, `0.5`.
package struct Spelling: Codable, Hashable, Sendable {
  package let text: String

  package init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let text = try? value.decode(String.self) {
      self.text = text
    } else if let whole = try? value.decode(Int64.self) {
      text = "\(whole)"
    } else {
      text = "\(try value.decode(Double.self))"
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    try value.encode(text)
  }
}

/// The keys of an object, and those values that are text.
private struct AnyKeys: Decodable {
  let names: [String: String?]

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: AnyKey.self)
    names = Dictionary(
      uniqueKeysWithValues: values.allKeys.map { ($0.stringValue, try? values.decode(String.self, forKey: $0)) })
  }

  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
