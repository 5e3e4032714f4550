package import Linear

/// EfficientNet-Lite: a convolutional network for pictures alone, whose vector is the mean of its last layer.
///
/// There is no common file format for it: the tensors have the names of the PyTorch port, config.json has the
/// `model_type` efficientnet-lite0 and, where the network is another than Lite0, its `image_size`, `stem_width`,
/// `head_width` and `stages`, rows of repeats, kernel, stride, expansion, channels.
/// https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
package enum EfficientNetLite {
  package static let families = ["efficientnet-lite0"]

  package static func load(_ folder: CheckpointFolder, _ engine: Engine) throws(LinearError) -> Towers {
    let settings = try Settings.configuration(of: folder)
    let plan = try ConvolutionPlan(settings)
    var blocks: [InvertedBlock] = []
    for (index, sizes) in plan.blocks.enumerated() {
      blocks.append(try folder.weights.under("_blocks.\(index).").invertedBlock(sizes, engine))
    }
    let stem = try folder.weights.convolution("_conv_stem", "_bn0", [plan.stemWidth, 3, 3, 3])
    let model = ConvolutionNetwork(
      picture: plan.picture, stem: try stem.interleaved(channels: 3).product(engine), blocks: blocks,
      head: try folder.weights.convolution("_conv_head", "_bn1", [plan.headWidth, plan.lastWidth, 1, 1])
        .product(engine))
    return Towers(picture: ConvolutionTower(model: model), space: .separate)
  }
}

/// The sizes of all layers.
struct ConvolutionPlan {
  let picture: Int
  let stemWidth: Int
  let headWidth: Int
  private(set) var lastWidth: Int
  private(set) var blocks: [InvertedBlockSizes] = []

  private static let lite0 = [
    [1, 3, 1, 1, 16], [2, 3, 2, 6, 24], [2, 5, 2, 6, 40], [3, 3, 2, 6, 80], [3, 5, 1, 6, 112], [4, 5, 2, 6, 192],
    [1, 3, 1, 6, 320],
  ]
  /// Samples of one picture inside the network.
  private static let limit = 1 << 26

  init(_ settings: Settings) throws(LinearError) {
    picture = try settings.count("image_size", default: 224, in: 8...1024)
    stemWidth = try settings.count("stem_width", default: 32, in: 1...4096)
    headWidth = try settings.count("head_width", default: 1280, in: 1...65536)
    let stages = try settings.counts("stages", in: [1...64, 1...9, 1...2, 1...16, 1...4096]) ?? Self.lite0
    lastWidth = stemWidth
    var size = (picture + 1) / 2
    for stage in stages {
      for index in 0..<stage[0] {
        let place = KernelPlaces(inputs: size, kernel: stage[1], stride: index == 0 ? stage[2] : 1)
        let block = InvertedBlockSizes(place: place, inputs: lastWidth, expansion: stage[3], outputs: stage[4])
        guard size * size * block.inner <= Self.limit else {
          throw settings.wrong("stages", "make layers of \(size) × \(size) × \(block.inner) samples")
        }
        blocks.append(block)
        (size, lastWidth) = (place.outputs, stage[4])
      }
    }
    guard !blocks.isEmpty else { throw settings.wrong("stages", "has no row") }
    for (key, width) in [("stages", lastWidth), ("head_width", headWidth)] where size * size * width > Self.limit {
      throw settings.wrong(key, "makes a layer of \(size) × \(size) × \(width) samples")
    }
  }
}

/// A stretch of the network: widen, look around, narrow again.
struct InvertedBlockSizes {
  let place: KernelPlaces
  let inputs: Int
  let expansion: Int
  let outputs: Int

  var inner: Int { inputs * expansion }
  var isResidual: Bool { place.stride == 1 && inputs == outputs }
}

/// Where a kernel lies along a side, with TensorFlow's "SAME" borders: an odd pixel of border lies right and below.
struct KernelPlaces: Sendable {
  let inputs: Int
  let outputs: Int
  let kernel: Int
  let stride: Int
  /// Of the border, left and above.
  let before: Int

  init(inputs: Int, kernel: Int, stride: Int) {
    self.inputs = inputs
    self.kernel = kernel
    self.stride = stride
    outputs = (inputs + stride - 1) / stride
    before = max(0, (outputs - 1) * stride + kernel - inputs) / 2
  }
}
