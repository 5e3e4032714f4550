import CFFmpeg

/// What FFmpeg said, and what we were doing when it said it.
package struct FFmpegError: Error, CustomStringConvertible {
  package let code: Int32
  package let operation: String

  package var description: String { "\(operation): \(reason)" }

  /// FFmpeg's own words.
  package var reason: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(AV_ERROR_MAX_STRING_SIZE)) { text in
      _ = av_strerror(code, text.baseAddress, text.count)
      return String(cString: text.baseAddress!)
    }
  }

  /// The reading was interrupted on our own wish.
  package var isInterruption: Bool { code == FF_EXIT }
  /// A deadline of ours passed.
  package var isTimeout: Bool { code == FF_ETIMEDOUT }
}

@discardableResult
func check(_ code: Int32, _ operation: @autoclosure () -> String) throws(FFmpegError) -> Int32 {
  guard code >= 0 else { throw FFmpegError(code: code, operation: operation()) }
  return code
}
