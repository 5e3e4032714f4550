import NIOCore
import System

/// Hangs up on a client that takes nothing of what was written to it for too long. Writers write in pieces, so that
/// however slow a client is, it is seen to go on.
final class StallGuard: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = NIOAny
  /// Of one piece in bytes: as much as a channel keeps before it asks to wait.
  static let piece = 64 << 10
  /// What the system is told to keep for a client of a Unix socket, in bytes: twice that it keeps, and half of it goes
  /// in one sending. That a client takes something shows only when a sending has been taken whole.
  static let unixRoom = 32 << 10

  private let patience: TimeAmount
  private let isStalled: @Sendable () -> Void
  private var look: Scheduled<Void>?
  /// When the client was last seen to take something, and what waited for it then.
  private var taken = NIODeadline.uptimeNanoseconds(0)
  private var load = Load()

  /// What waits for a client, in bytes: in the channel and in the system.
  private struct Load {
    var kept = 0
    var sent = 0
  }

  init(patience: TimeAmount, isStalled: @escaping @Sendable () -> Void) {
    self.patience = patience
    self.isStalled = isStalled
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    rest()
    if !context.channel.isWritable {
      (taken, load) = (.now(), measure(context))
      lookLater(context)
    }
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    rest()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { rest() }

  private func rest() {
    look?.cancel()
    look = nil
  }

  /// Between two changes a client may take much: the channel has room again only when most has been taken.
  private func lookLater(_ context: ChannelHandlerContext) {
    look = context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(max(1, patience.nanoseconds / 8))) {
      let fresh = self.measure(context)
      if fresh.kept < self.load.kept || fresh.sent < self.load.sent { self.taken = .now() }
      self.load = fresh
      guard NIODeadline.now() - self.taken >= self.patience else { return self.lookLater(context) }
      self.isStalled()
      context.channel.close(promise: nil)
    }
  }

  /// Of a channel that is closed nothing can be said, and nothing need be.
  private func measure(_ context: ChannelHandlerContext) -> Load {
    let sent = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
      try untakenBytes($0)
    }
    let kept = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
    return Load(kept: kept ?? 0, sent: sent ?? 0)
  }
}

@available(*, unavailable)
extension StallGuard: Sendable {}
