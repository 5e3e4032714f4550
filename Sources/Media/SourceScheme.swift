/// What stands before the `://` of a source's address.
package enum SourceScheme {
  /// Those of the network that are read.
  package static let network = ["http", "https", "rtmp", "rtmps", "rtp", "rtsp", "rtsps", "srt", "tcp", "udp"]
  /// Cameras and microphones.
  package static let devices = ["alsa", "v4l2"]
  package static let all = ["file"] + network + devices

  /// A scheme (RFC 3986, 3.1) followed by `://`, in small letters; everything else is a path.
  package static func of(_ address: String) -> String? {
    let scheme = address.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
    guard scheme.first?.isLetter == true, address.dropFirst(scheme.count).hasPrefix("://") else { return nil }
    return scheme.lowercased()
  }

  /// The same address with its scheme in small letters, as those know it who open it.
  package static func lowered(_ address: String) -> String {
    of(address).map { $0 + address.dropFirst($0.count) } ?? address
  }
}
