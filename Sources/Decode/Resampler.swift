import CFFmpeg

/// Resamples one unbroken run of mono sound. Output sample n lies at input sample `n · from / to`: the filter's
/// delay is compensated, so the first output sample stands on the first input sample.
package final class Resampler {
  private let context: OpaquePointer

  private init(owning context: OpaquePointer) {
    self.context = context
  }

  deinit {
    var context = Optional(context)
    swr_free(&context)
  }

  package static func open(from: Int, to: Int) throws(FFmpegError) -> Resampler {
    var mono = AVChannelLayout()
    av_channel_layout_default(&mono, 1)
    var same = mono
    var context: OpaquePointer?
    try check(
      swr_alloc_set_opts2(
        &context, &mono, AV_SAMPLE_FMT_FLT, Int32(to), &same, AV_SAMPLE_FMT_FLT, Int32(from), 0, nil),
      "configure resampler")
    let resampler = Resampler(owning: context!)
    try check(swr_init(resampler.context), "start resampler")
    return resampler
  }

  /// What is ready after these samples; the rest waits inside for more, or for `finish`.
  package func convert(_ samples: [Float]) throws(FFmpegError) -> [Float] {
    try convert(samples, count: Int32(samples.count))
  }

  /// The tail that still waited.
  package func finish() throws(FFmpegError) -> [Float] { try convert(nil, count: 0) }

  private func convert(_ samples: [Float]?, count: Int32) throws(FFmpegError) -> [Float] {
    let room = swr_get_out_samples(context, count)
    var got: Int32 = 0
    let output = [Float](unsafeUninitializedCapacity: Int(room) + 1) { buffer, filled in
      got = (samples ?? []).withUnsafeBufferPointer {
        ff_resample(context, buffer.baseAddress!, room, samples == nil ? nil : $0.baseAddress, count)
      }
      filled = Int(max(got, 0))
    }
    try check(got, "resample")
    return output
  }
}
