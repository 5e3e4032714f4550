import Glibc
import NIOCore

/// Lets newcomers wait for a moment when the system has no descriptors or memory for them: the channel's loop would
/// else try again at once, and at once again, for as long as one of them waits.
final class AcceptPause: ChannelInboundHandler {
  typealias InboundIn = NIOAny
  static let pause = TimeAmount.milliseconds(200)

  private let onPause: @Sendable (IOError) -> Void

  init(onPause: @escaping @Sendable (IOError) -> Void) { self.onPause = onPause }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) {
      onPause(error)
      let channel = context.channel
      // Either fails only where the channel is closed, and then nobody comes.
      _ = channel.setOption(.autoRead, value: false)
      context.eventLoop.scheduleTask(in: Self.pause) { _ = channel.setOption(.autoRead, value: true) }
    }
    context.fireErrorCaught(error)
  }
}

@available(*, unavailable)
extension AcceptPause: Sendable {}
