import Encode
import External
import Media

// What programs are asked, and what becomes of their answers.

struct ExternalPictureEncoder: FeatureEncoder {
  private let program: ExternalPart
  /// Nil where the program takes pictures as they are.
  private var scaler: PictureScaler?
  private var luma = LumaMeter()

  init(_ program: ExternalPart) {
    self.program = program
    if let width = program.hello.width, let height = program.hello.height {
      scaler = PictureScaler(width: width, height: height)
    }
  }

  mutating func encode(_ inputs: [EncoderInput<RGBImage>]) throws -> [Features?] {
    let answers = try program.answers(to: inputs) { input in
      let image = try scaler?.scale(input.content) ?? input.content
      var header = input.header
      (header.width, header.height) = (image.width, image.height)
      (header.pts, header.timeBase) = (input.stamp?.pts, (input.stamp?.timeBase).map { "\($0)" })
      return ExternalRequest(header, payload: image.pixels)
    }
    return zip(inputs, answers).map { input, answer in
      answer.map { Features(vector: $0, quality: luma.variance(input.content)) }
    }
  }
}

struct ExternalSoundEncoder: FeatureEncoder {
  let program: ExternalPart
  let needs: SoundNeeds

  func encode(_ inputs: [EncoderInput<SoundChunk>]) throws -> [Features?] {
    let answers = try program.answers(to: inputs) { input in
      let chunk = input.content
      var header = input.header
      header.rate = needs.rate
      header.firstSample = chunk.index * Int64(needs.hop) - Int64(needs.lookback)
      header.valid = Float(chunk.covered(chunk.body)) / Float(needs.hop)
      return ExternalRequest(header, payload: unsafe chunk.samples.withUnsafeBytes { unsafe Array($0) })
    }
    return zip(inputs, answers).map { input, answer in
      answer.map { Features(vector: $0, quality: input.content.meanPower) }
    }
  }
}

struct ExternalTextEncoder: FeatureEncoder {
  let program: ExternalPart

  func encode(_ inputs: [EncoderInput<String>]) throws -> [Features?] {
    let answers = try program.answers(to: inputs) { ExternalRequest($0.header, payload: Array($0.content.utf8)) }
    return answers.map { $0.map { Features(vector: $0, quality: 0) } }
  }
}

extension ExternalPart {
  /// Each answer in its input's place. No more payloads are alive than requests may be under way.
  fileprivate func answers<Content>(
    to inputs: [EncoderInput<Content>], asking request: (EncoderInput<Content>) throws -> ExternalRequest
  ) throws -> [[Float]?] {
    var answers: [[Float]?] = []
    for start in stride(from: 0, to: inputs.count, by: hello.batch) {
      let slice = inputs[start..<min(start + hello.batch, inputs.count)]
      answers += try encoder.answers(to: try slice.map(request))
    }
    return answers
  }
}

extension EncoderInput {
  fileprivate var header: ExternalRequest.Header {
    ExternalRequest.Header(source: source, slot: slot, epoch: epoch, interval: interval)
  }
}
