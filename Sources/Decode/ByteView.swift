import CFFmpeg

/// FFmpeg's view of a `ByteSource`.
final class ByteView {
  let context: UnsafeMutablePointer<AVIOContext>
  private let source: ByteSource
  /// Some of its bytes could not be read.
  var hasFailed: Bool { source.failure != 0 }

  init(_ source: ByteSource) {
    self.source = source
    let size: Int32 = 1 << 16
    let buffer = av_malloc(Int(size))!.assumingMemoryBound(to: UInt8.self)
    context = avio_alloc_context(
      buffer, size, 0, Unmanaged.passUnretained(source).toOpaque(),
      { opaque, buffer, count in
        let source = Unmanaged<ByteSource>.fromOpaque(opaque!).takeUnretainedValue()
        let got = source.read(UnsafeMutableRawBufferPointer(start: buffer, count: Int(count)))
        return got == 0 ? FF_EOF : got
      }, nil,
      { opaque, offset, whence in
        Unmanaged<ByteSource>.fromOpaque(opaque!).takeUnretainedValue().seek(offset, whence)
      })!
    context.pointee.seekable = source.isSeekable ? AVIO_SEEKABLE_NORMAL : 0
    if !source.isSeekable { context.pointee.seek = nil }
  }

  deinit {
    var context = Optional(context)
    av_freep(&self.context.pointee.buffer)
    avio_context_free(&context)
  }
}
