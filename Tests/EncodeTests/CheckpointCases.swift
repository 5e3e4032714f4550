import Encode
import Foundation
import Linear
import Media
import Testing

/// Checkpoint folders beside which `cases.json` says what goes in and what the original makes of it; written by the
/// Python scripts in Goldens and in Tests/Parity.
enum CheckpointCases {
  typealias Loader = (CheckpointFolder, Engine) throws -> Towers

  /// How near a tower comes to the original.
  struct Agreement: CustomStringConvertible {
    let what: String
    /// The worst of all vectors.
    let cosine: Double
    /// max |difference| / max |expected|
    let error: Double

    var description: String { "\(what): 1 − cosine \(1 - cosine), error \(error)" }
    var isClose: Bool { cosine > 0.99999 && error < 1e-4 }
  }

  /// A committed folder.
  static func golden(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Goldens/\(name)").path
  }

  /// Folders in the folder that TANDEM_PARITY_CASES names whose `model_type` is one of these; none without it.
  static func parity(_ families: [String]) -> [String] {
    guard let root = ProcessInfo.processInfo.environment["TANDEM_PARITY_CASES"] else { return [] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    return names.map { "\(root)/\($0)" }.sorted().filter { path in
      FileManager.default.fileExists(atPath: "\(path)/cases.json")
        && (try? CheckpointFolder(path)).map { families.contains($0.family) } == true
    }
  }

  /// Runs all cases of a folder, each as one batch, by every engine of this machine, and expects them to agree.
  static func expectAgreement(_ folder: String, load: Loader) throws {
    for products in [Engine.Products.openblas, .onednn] {
      for precision in Engine.Precision.allCases {
        guard let engine = try? Engine(products, threads: 2, precision: precision) else { continue }
        for agreement in try agreements(folder, engine, load) {
          print("\(URL(fileURLWithPath: folder).lastPathComponent) \(engine.description) \(agreement)")
          let isAsWanted = precision == .f32 ? agreement.isClose : agreement.cosine >= 0.999
          #expect(isAsWanted, "\(folder) \(engine.description) \(agreement)")
        }
      }
    }
  }

  static func agreements(_ folder: String, _ engine: Engine, _ load: Loader) throws -> [Agreement] {
    let towers = try load(try CheckpointFolder(folder), engine)
    return try cases(folder).map { entry in
      let expected = try numbers("\(folder)/\(entry.expected)")
      let vectors = try entry.encoded(towers, folder)
      let columns = try #require(entry.shape.last)
      #expect(vectors.columns == columns && vectors.values.count == expected.count, "\(folder) \(entry.what)")
      return compare(entry.what, vectors.values, expected, columns: columns)
    }
  }

  static func cases(_ folder: String) throws -> [Entry] {
    try JSONDecoder().decode([Entry].self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/cases.json")))
  }

  static func numbers(_ path: String) throws -> [Float] {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    return bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map {
        Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
      }
    }
  }

  private static func compare(_ what: String, _ ours: [Float], _ theirs: [Float], columns: Int) -> Agreement {
    var cosine = 1.0, difference = 0.0, greatest = 0.0
    guard ours.count == theirs.count else { return Agreement(what: what, cosine: -1, error: .infinity) }
    for row in stride(from: 0, to: ours.count, by: columns) {
      var (product, left, right) = (0.0, 0.0, 0.0)
      for place in row..<row + columns {
        let (a, b) = (Double(ours[place]), Double(theirs[place]))
        product += a * b
        left += a * a
        right += b * b
        difference = max(difference, (a - b).magnitude)
        greatest = max(greatest, b.magnitude)
      }
      cosine = min(cosine, product / (left * right).squareRoot())
    }
    return Agreement(what: what, cosine: cosine, error: difference / greatest)
  }
}

extension CheckpointCases {
  /// One modality of a folder.
  struct Entry: Decodable {
    let what: String
    let inputs: [Input]
    let expected: String
    let shape: [Int]

    func encoded(_ towers: Towers, _ folder: String) throws -> Matrix {
      switch what {
      case "image":
        var runner = try #require(towers.picture).makeRunner()
        return try runner.encode(inputs.map { try $0.picture(folder) })
      case "audio":
        var runner = try #require(towers.sound).makeRunner()
        return try runner.encode(inputs.map { try numbers("\(folder)/\($0.file ?? "")") })
      default:
        var runner = try #require(towers.text).makeRunner()
        return try runner.encode(inputs.map { try #require($0.text) })
      }
    }
  }

  struct Input: Decodable {
    let file: String?
    let width: Int?
    let height: Int?
    let text: String?

    func picture(_ folder: String) throws -> RGBImage {
      let pixels = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(file ?? "")"))
      return RGBImage(width: width ?? 0, height: height ?? 0, pixels: [UInt8](pixels))
    }
  }
}
