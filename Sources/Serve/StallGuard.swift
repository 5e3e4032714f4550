import NIOCore

/// Hangs up on a client that takes nothing of what was written to it for too long. Writers write in pieces, so that
/// however slow a client is, it is seen to go on.
final class StallGuard: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = NIOAny
  /// Of one piece in bytes: as much as a channel keeps before it asks to wait.
  static let piece = 64 << 10

  private let patience: TimeAmount
  private let isStalled: @Sendable () -> Void
  private var deadline: Scheduled<Void>?

  init(patience: TimeAmount, isStalled: @escaping @Sendable () -> Void) {
    self.patience = patience
    self.isStalled = isStalled
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    deadline?.cancel()
    deadline = nil
    if !context.channel.isWritable {
      let (channel, isStalled) = (context.channel, isStalled)
      deadline = context.eventLoop.scheduleTask(in: patience) {
        isStalled()
        channel.close(promise: nil)
      }
    }
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    deadline?.cancel()
    deadline = nil
    context.fireChannelInactive()
  }
}

@available(*, unavailable)
extension StallGuard: Sendable {}
