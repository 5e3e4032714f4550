import Linear

/// A stem, blocks and a head, over square pictures laid out [height · width, channels].
struct ConvolutionNetwork: Sendable {
  /// Pixels along a side.
  let picture: Int
  let stem: Dense
  let blocks: [InvertedBlock]
  let head: Dense

  var stemPlaces: KernelPlaces { KernelPlaces(inputs: picture, kernel: 3, stride: 2) }
}

struct InvertedBlock: Sendable {
  let sizes: InvertedBlockSizes
  /// Nil where nothing is widened.
  let expand: Dense?
  /// [kernel², channels]
  let kernels: [Float]
  let bias: [Float]
  let project: Dense

  /// x: [pictures · inputs², channels]; wide, filtered: memory. x is changed to [pictures · outputs², outputs].
  func apply(_ x: inout Matrix, pictures: Int, wide: inout Matrix, filtered: inout Matrix) {
    expand?.apply(x, to: &wide, .relu6)
    filtered.resize(rows: pictures * sizes.place.outputs * sizes.place.outputs, columns: sizes.inner)
    for picture in 0..<pictures {
      VisionKernels.depthwise(
        expand == nil ? x : wide, picture: picture, sizes.place, weights: kernels, bias: bias, to: &filtered)
    }
    if sizes.isResidual {
      project.apply(filtered, addingTo: &x)
    } else {
      project.apply(filtered, to: &x)
    }
  }
}

struct ConvolutionMemory {
  var windows = Matrix()
  var x = Matrix()
  var wide = Matrix()
  var filtered = Matrix()

  /// windows: [pictures · stem outputs, 27] → one row of `vectors` from `row` on for each picture.
  mutating func run(_ model: ConvolutionNetwork, pictures: Int, to vectors: inout Matrix, at row: Int) {
    model.stem.apply(windows, to: &x, .relu6)
    for block in model.blocks { block.apply(&x, pictures: pictures, wide: &wide, filtered: &filtered) }
    model.head.apply(x, to: &wide, .relu6)
    let area = wide.rows / pictures
    for picture in 0..<pictures {
      vectors.setRow(row + picture, to: wide.mean(ofRows: picture * area..<(picture + 1) * area))
    }
  }
}

/// A convolution with the norm that follows it folded in.
struct FoldedConvolution {
  /// [outputs, channels · kernel²], as torch lays it out.
  var weight: Matrix
  var bias: [Float]

  func product(_ engine: Engine) throws(LinearError) -> Dense { try Dense(weight, bias: bias, engine: engine) }

  /// Each row [channels][places] → [places][channels].
  func interleaved(channels: Int) -> FoldedConvolution {
    var turned = self
    let places = weight.columns / channels
    for row in 0..<weight.rows {
      for place in 0..<places {
        for channel in 0..<channels {
          turned.weight[row, place * channels + channel] = weight[row, channel * places + place]
        }
      }
    }
    return turned
  }
}

extension Weights {
  private static var epsilon: Float { 1e-3 }

  /// `name`.weight with the batch norm `norm`. shape: [outputs, channels, kernel, kernel].
  func convolution(_ name: String, _ norm: String, _ shape: [Int]) throws(LinearError) -> FoldedConvolution {
    var weight = try matrix("\(name).weight", shape)
    let outputs = [shape[0]]
    let mean = try values("\(norm).running_mean", outputs)
    let variance = try variances("\(norm).running_var", count: shape[0])
    var bias = try values("\(norm).bias", outputs)
    let scale = try values("\(norm).weight", outputs)
    for row in 0..<shape[0] {
      let factor = scale[row] / (variance[row] + Self.epsilon).squareRoot()
      bias[row] -= mean[row] * factor
      for column in 0..<weight.columns { weight[row, column] *= factor }
    }
    return FoldedConvolution(weight: weight, bias: bias)
  }

  func invertedBlock(_ sizes: InvertedBlockSizes, _ engine: Engine) throws(LinearError) -> InvertedBlock {
    let (inner, kernel) = (sizes.inner, sizes.place.kernel)
    let expand =
      sizes.expansion == 1
      ? nil : try convolution("_expand_conv", "_bn0", [inner, sizes.inputs, 1, 1]).product(engine)
    let depthwise = try convolution("_depthwise_conv", "_bn1", [inner, 1, kernel, kernel])
    return InvertedBlock(
      sizes: sizes, expand: expand, kernels: depthwise.weight.transposed().values, bias: depthwise.bias,
      project: try convolution("_project_conv", "_bn2", [sizes.outputs, inner, 1, 1]).product(engine))
  }
}
