import FoundationEssentials

/// The table of contents of a safetensors file: u64 length, JSON, then the raw bytes of the tensors.
/// https://github.com/huggingface/safetensors#format
struct SafetensorsHeader {
  struct Tensor: Sendable, Equatable {
    let kind: String
    let shape: [Int]
    /// Of the data, which begin after the header.
    let bytes: Range<Int>
  }

  let tensors: [String: Tensor]

  /// Longer headers are refused.
  static let limit = 32 << 20

  /// - Parameters:
  ///   - json: the header without its length.
  ///   - dataSize: bytes of the file after it.
  init(json: [UInt8], dataSize: Int, path: String) throws(LinearError) {
    let entries = try Self.entries(json, path)
    guard entries.count == Self.occurrences(of: "\"data_offsets\"", in: json) else {
      throw .file(path: path, reason: "the header names a tensor twice, or writes its keys with escapes")
    }
    var tensors: [String: Tensor] = [:]
    for (name, entry) in entries {
      do throws(Flaw) {
        tensors[name] = try entry.checked(dataSize: dataSize)
      } catch {
        throw .tensor(file: path, name: name, reason: error.reason)
      }
    }
    try Self.checkCover(tensors, dataSize, path)
    self.tensors = tensors
  }

  private static func entries(_ json: [UInt8], _ path: String) throws(LinearError) -> [String: Entry] {
    do {
      return try JSONDecoder().decode(Entries.self, from: Data(json)).all
    } catch DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty {
      throw .file(path: path, reason: "the header is not JSON, or holds a number out of range")
    } catch DecodingError.dataCorrupted(let context), DecodingError.typeMismatch(_, let context),
      DecodingError.valueNotFound(_, let context), DecodingError.keyNotFound(_, let context)
    {
      let name = context.codingPath.first?.stringValue
      guard let name else { throw .file(path: path, reason: "the header is not a table of tensors") }
      throw .tensor(file: path, name: name, reason: "not described by a dtype, a shape and two data_offsets")
    } catch {
      throw .file(path: path, reason: "the header is not JSON, or holds a number out of range")
    }
  }

  /// The decoder keeps one of two equal names; the text shows both.
  private static func occurrences(of word: StaticString, in text: [UInt8]) -> Int {
    let word = Array(word.description.utf8)
    var (count, place) = (0, 0)
    while place + word.count <= text.count {
      if text[place] == word[0] && text[place..<place + word.count].elementsEqual(word) {
        count += 1
        place += word.count
      } else {
        place += 1
      }
    }
    return count
  }

  /// Every byte belongs to one tensor.
  private static func checkCover(_ tensors: [String: Tensor], _ size: Int, _ path: String) throws(LinearError) {
    var end = 0
    let ordered = tensors.sorted {
      ($0.value.bytes.lowerBound, $0.value.bytes.upperBound, $0.key)
        < ($1.value.bytes.lowerBound, $1.value.bytes.upperBound, $1.key)
    }
    for (name, tensor) in ordered {
      guard tensor.bytes.lowerBound >= end else {
        throw .tensor(file: path, name: name, reason: "overlaps another tensor")
      }
      guard tensor.bytes.lowerBound == end else {
        throw .tensor(file: path, name: name, reason: "begins after bytes that belong to no tensor")
      }
      end = tensor.bytes.upperBound
    }
    guard end == size else { throw .file(path: path, reason: "\(size - end) bytes belong to no tensor") }
  }
}

/// What is wrong with one tensor.
private struct Flaw: Error {
  let reason: String
}

/// The JSON of one tensor.
private struct Entry: Decodable {
  let dtype: String
  let shape: [Int]
  let offsets: [Int]

  private enum CodingKeys: String, CodingKey { case dtype, shape, offsets = "data_offsets" }

  /// Bytes of one element.
  private static let sizes = [
    "F32": 4, "F16": 2, "BF16": 2, "F64": 8, "I64": 8, "U64": 8, "I32": 4, "U32": 4, "I16": 2, "U16": 2, "I8": 1,
    "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1,
  ]

  func checked(dataSize: Int) throws(Flaw) -> SafetensorsHeader.Tensor {
    guard let size = Self.sizes[dtype] else { throw Flaw(reason: "unknown dtype \(dtype.prefix(16).debugDescription)") }
    guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1] else {
      throw Flaw(reason: "data_offsets are not a beginning and an end")
    }
    guard offsets[1] <= dataSize else { throw Flaw(reason: "lies beyond the end of the file") }
    var bytes = size
    for length in shape {
      let (product, isTooLarge) = bytes.multipliedReportingOverflow(by: length)
      guard length >= 0 && !isTooLarge else { throw Flaw(reason: "the shape \(shape.prefix(8)) is not one") }
      bytes = product
    }
    guard bytes == offsets[1] - offsets[0] else {
      throw Flaw(reason: "\(dtype) \(shape.prefix(8)) takes \(bytes) bytes, not \(offsets[1] - offsets[0])")
    }
    return .init(kind: dtype, shape: shape, bytes: offsets[0]..<offsets[1])
  }
}

/// All keys but the free text of `__metadata__`.
private struct Entries: Decodable {
  var all: [String: Entry] = [:]

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    for name in container.allKeys where name.stringValue != "__metadata__" {
      all[name.stringValue] = try container.decode(Entry.self, forKey: name)
    }
  }
}
