import CFFmpeg
import Glibc
import Synchronization

/// Cameras and microphones. Their library is opened when one is asked for: most machines have none of it.
enum Devices {
  /// Scheme of an address → FFmpeg's name of the format.
  static let formats = ["v4l2": "v4l2", "alsa": "alsa"]

  /// Its major version goes with libavformat's.
  private static let library = "libavdevice.so.\(FF_AVFORMAT_MAJOR)"
  private static let isLoaded = Mutex(false)

  /// - Throws: `FFmpegError` naming what is missing.
  static func format(_ name: String) throws(FFmpegError) -> UnsafePointer<AVInputFormat> {
    try load(library)
    guard let format = av_find_input_format(name) else {
      throw FFmpegError(code: FF_EINVAL, operation: "\(library) has no \(name)")
    }
    return format
  }

  /// - Throws: `FFmpegError` when the library is not installed.
  static func load(_ library: String) throws(FFmpegError) {
    try isLoaded.withLock { (isLoaded) throws(FFmpegError) in
      guard !isLoaded else { return }
      guard let handle = dlopen(library, RTLD_NOW), let symbol = dlsym(handle, "avdevice_register_all") else {
        throw FFmpegError(code: FF_EINVAL, operation: "cameras and microphones need \(library), which is not installed")
      }
      unsafeBitCast(symbol, to: (@convention(c) () -> Void).self)()
      isLoaded = true
    }
  }
}
