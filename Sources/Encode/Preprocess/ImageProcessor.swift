import Linear

/// What is done to a picture of any size before a tower sees it, as `preprocessor_config.json` says.
///
/// transformers 5 has two backends for it and takes torchvision where it is installed, whatever the file says: names
/// with and without "Fast" mean the same, and Pillow's classes are saved under torchvision's names. So this is
/// torchvision's way, and Pillow's only where someone wrote an `image_processor_type` that ends in "Pil".
struct ImageProcessor: Sendable {
  /// The size to which a whole picture is brought.
  enum Fit: Equatable, Sendable {
    /// The shorter side gets this length, the other follows.
    case shortestEdge(Int)
    case exact(width: Int, height: Int)
  }

  var fit: Fit
  /// The middle that is cut out; black where the picture is smaller.
  var crop: Size?
  var filter: ResizeFilter
  var rounding: ResizeRounding = .torchvision
  var factor: Float = 1 / 255
  var mean: [Float]
  var deviation: [Float]

  struct Size: Equatable, Sendable {
    var width: Int
    var height: Int
  }

  var scale: PixelScale { PixelScale(factor: factor, mean: mean, deviation: deviation) }

  /// Of what comes out; nil where it follows the picture's.
  var size: Size? {
    switch (crop, fit) {
    case (let crop?, _): crop
    case (nil, .exact(let width, let height)): Size(width: width, height: height)
    case (nil, .shortestEdge): nil
    }
  }
}

extension ImageProcessor {
  /// - Parameter standard: the class's own values, for what the file does not say.
  static func read(
    _ folder: CheckpointFolder, standard: ImageProcessor
  ) throws(LinearError) -> ImageProcessor {
    guard let settings = try settings(folder) else { return standard }
    return try standard.changed(by: settings)
  }

  /// Since transformers 5 a part of `processor_config.json`.
  static func settings(_ folder: CheckpointFolder) throws(LinearError) -> Settings? {
    if let processor = try Settings.read("processor_config.json", of: folder), processor.contains("image_processor") {
      return try processor.table("image_processor")
    }
    return try Settings.read("preprocessor_config.json", of: folder)
  }

  func changed(by settings: Settings) throws(LinearError) -> ImageProcessor {
    var changed = self
    guard try settings.flag("do_resize", default: true) else {
      throw settings.wrong("do_resize", "is false: then pictures would have to come in the model's size")
    }
    changed.fit = try settings.fit("size", default: fit)
    changed.crop =
      try settings.flag("do_center_crop", default: crop != nil) ? settings.crop("crop_size", default: crop) : nil
    changed.filter = try settings.filter("resample", default: filter)
    changed.rounding = try settings.text("image_processor_type")?.hasSuffix("Pil") == true ? .pillow : .torchvision
    try changed.setScale(settings)
    return changed
  }

  private mutating func setScale(_ settings: Settings) throws(LinearError) {
    factor = try settings.flag("do_rescale", default: true) ? settings.number("rescale_factor", default: factor) : 1
    let isNormalised = try settings.flag("do_normalize", default: true)
    mean = try isNormalised ? settings.numbers("image_mean", default: mean, count: 3) : [0, 0, 0]
    deviation = try isNormalised ? settings.numbers("image_std", default: deviation, count: 3) : [1, 1, 1]
    guard factor > 0 else { throw settings.wrong("rescale_factor", "is not positive") }
    guard deviation.allSatisfy({ $0 > 0 }) else { throw settings.wrong("image_std", "is not positive") }
    guard factor.isNormal, scale.table.allSatisfy({ $0.isFinite }) else {
      throw settings.wrong("rescale_factor", "with image_mean and image_std makes numbers beyond all measure")
    }
  }
}

extension Settings {
  /// Pixels along a side.
  private static var sides: ClosedRange<Int> { 1...4096 }

  fileprivate func fit(_ key: String, default standard: ImageProcessor.Fit) throws(LinearError) -> ImageProcessor.Fit {
    guard contains(key) else { return standard }
    guard holdsTable(key) else { return .shortestEdge(try count(key, default: 0, in: Self.sides)) }
    let size = try table(key)
    if size.contains("shortest_edge"), !size.contains("longest_edge") {
      return .shortestEdge(try size.count("shortest_edge", default: 0, in: Self.sides))
    }
    let exact = try self.size(key)
    return .exact(width: exact.width, height: exact.height)
  }

  fileprivate func crop(
    _ key: String, default standard: ImageProcessor.Size?
  ) throws(LinearError) -> ImageProcessor.Size {
    if contains(key) && !holdsTable(key) {
      let side = try count(key, default: 0, in: Self.sides)
      return .init(width: side, height: side)
    }
    if let standard, !contains(key) { return standard }
    return try size(key)
  }

  private func size(_ key: String) throws(LinearError) -> ImageProcessor.Size {
    let size = try table(key)
    guard size.contains("height"), size.contains("width") else {
      throw wrong(key, "has neither height and width nor only shortest_edge")
    }
    return .init(
      width: try size.count("width", default: 0, in: Self.sides),
      height: try size.count("height", default: 0, in: Self.sides))
  }

  fileprivate func filter(_ key: String, default standard: ResizeFilter) throws(LinearError) -> ResizeFilter {
    switch try count(key, default: standard == .bilinear ? 2 : 3, in: 0...5) {
    case 2: .bilinear
    case 3: .bicubic
    default: throw wrong(key, "is neither 2, bilinear, nor 3, bicubic")
    }
  }
}
