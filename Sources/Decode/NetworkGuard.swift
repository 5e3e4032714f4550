import CFFmpeg
import Glibc
import Media

/// Stands at the door of all that a source from the network opens; `NetworkReach` says what may pass.
final class NetworkGuard {
  private let reach: NetworkReach
  private let context: UnsafeMutablePointer<AVFormatContext>
  private let isRTSP: Bool
  private var opener: ff_opener?
  private var isConnecting = false

  /// - Parameter context: not yet opened; must not outlive the guard.
  init(_ url: String, _ reach: NetworkReach, _ context: UnsafeMutablePointer<AVFormatContext>) {
    self.reach = reach
    self.context = context
    isRTSP = ["rtsp", "rtsps"].contains(SourceScheme.of(url))
    AddressFilter.begin(for: ObjectIdentifier(self), url, reach)
    context.pointee.opaque = Unmanaged.passUnretained(self).toOpaque()
    opener = ff_replace_opener(context) { context, bytes, url, flags, options in
      let guardian = Unmanaged<NetworkGuard>.fromOpaque(context.pointee.opaque!).takeUnretainedValue()
      return guardian.open(context, bytes, url, flags, options)
    }
  }

  deinit { AddressFilter.end(for: ObjectIdentifier(self)) }

  private func open(
    _ context: UnsafeMutablePointer<AVFormatContext>, _ bytes: UnsafeMutablePointer<UnsafeMutablePointer<AVIOContext>?>,
    _ url: UnsafePointer<CChar>, _ flags: Int32, _ options: UnsafeMutablePointer<OpaquePointer?>?
  ) -> Int32 {
    guard reach.allows(String(cString: url)) else { return FF_EACCES }
    // Where a redirection from inside leads the filter of addresses sees.
    guard !reach.isTrusted else { return opener!(context, bytes, url, flags, options) }
    // Where one from outside leads would be known only when it has been followed.
    if let options {
      av_dict_set(options, "max_redirects", "0", 0)
      return opener!(context, bytes, url, flags, options)
    }
    var own = Options()
    own["max_redirects"] = "0"
    return opener!(context, bytes, url, flags, &own.dictionary)
  }
}

// RTSP connects by itself, asks nobody, and follows a redirection by connecting again.
extension NetworkGuard {
  /// FFmpeg waits for something, so the first connection of RTSP is being made: with a list of protocols of its own. On
  /// the source's list there remains what RTP itself needs, and no second connection can be made.
  func noteConnecting() {
    guard isRTSP, !reach.isTrusted, !isConnecting, let protocols = context.pointee.protocol_whitelist else { return }
    strcpy(protocols, "rtp,udp")
    isConnecting = true
  }

  /// The reason of a failure: a redirection that could not be followed is one that may not be.
  func explained(_ code: Int32) -> Int32 { isConnecting && code == FF_EINVAL ? FF_EACCES : code }
}
