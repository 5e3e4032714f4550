import CFFmpeg
import Media
import System

/// A transport stream that comes in datagrams, alone or in RTP, as FFmpeg's demuxer reads it: put back into order, and
/// without sound that lacks a part. What is no transport stream goes through as it comes.
final class DatagramSource {
  /// What the demuxer reads from.
  let context: UnsafeMutablePointer<AVIOContext>
  /// The protocol, opened by FFmpeg.
  private var network: UnsafeMutablePointer<AVIOContext>?
  private let isRTP: Bool
  private let patience: Patience
  private let clock: HostClock
  /// How long what is missing is waited for, in time spent waiting.
  private let longestWait: TimeSpan

  private var order = DatagramOrder()
  private var gate = TransportGate()
  private var datagram = [UInt8](repeating: 0, count: 1 << 16)
  private var output: [UInt8] = []
  private var given = 0
  private var ending: Int32?
  /// Time spent waiting, and when the wait of now began. What is missing is late by this clock alone: while nobody reads,
  /// it may come and not be seen.
  private var waited = TimeSpan.zero
  private var began: TimeSpan?
  private var questions = 0

  private static let schemes: Set = ["udp", "rtp"]

  /// - Parameter options: those of the demuxer, and of the protocol.
  /// - Returns: nil for what does not come in datagrams, or is RTP of another kind.
  /// - Throws: `FFmpegError`.
  static func open(
    _ url: String, _ options: borrowing Options, _ live: LiveOptions, _ patience: Patience, _ clock: HostClock
  ) throws(FFmpegError) -> DatagramSource? {
    guard let scheme = SourceScheme.of(url), schemes.contains(scheme) else { return nil }
    let source = DatagramSource(isRTP: scheme == "rtp", live, patience, clock)
    var own = Options()
    av_dict_copy(&own.dictionary, options.dictionary, 0)
    var interruption = AVIOInterruptCB(
      callback: { Unmanaged<DatagramSource>.fromOpaque($0!).takeUnretainedValue().isTired ? 1 : 0 },
      opaque: Unmanaged.passUnretained(source).toOpaque())
    let code = avio_open2(&source.network, url, AVIO_FLAG_READ, &interruption, &own.dictionary)
    try patience.check(code, "open input")
    if source.isRTP, try !source.bringsTransport() { return nil }
    return source
  }

  private init(isRTP: Bool, _ live: LiveOptions, _ patience: Patience, _ clock: HostClock) {
    self.isRTP = isRTP
    self.patience = patience
    self.clock = clock
    longestWait = min(TimeSpan(milliseconds: 100), TimeSpan(flicks: live.jitterWait.flicks / 2))
    let size: Int32 = 1 << 16
    let buffer = av_malloc(Int(size))!.assumingMemoryBound(to: UInt8.self)
    context = avio_alloc_context(
      buffer, size, 0, nil,
      { opaque, buffer, count in
        let source = Unmanaged<DatagramSource>.fromOpaque(opaque!).takeUnretainedValue()
        return source.read(UnsafeMutableRawBufferPointer(start: buffer, count: Int(count)))
      }, nil, nil)!
    context.pointee.opaque = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit {
    avio_closep(&network)
    var context = Optional(context)
    av_freep(&self.context.pointee.buffer)
    avio_context_free(&context)
  }

  /// What was lost and what was put right.
  var counters: Counters {
    var all = order.counters
    all.add(gate.counters)
    return all
  }

  /// Waits for the first datagram.
  private func bringsTransport() throws(FFmpegError) -> Bool {
    while true {
      let code = receive()
      try patience.check(code, "open input")
      let first = Datagram(Array(datagram[..<Int(code)]))
      guard first.isRTP else { continue }
      take(first)
      return first.isTransport
    }
  }

  /// Reads up to `buffer.count` bytes; a negative AVERROR at the end and on failure.
  private func read(_ buffer: UnsafeMutableRawBufferPointer) -> Int32 {
    while given == output.count {
      if let ending { return ending }
      output.removeAll(keepingCapacity: true)
      given = 0
      pull()
    }
    let count = min(buffer.count, output.count - given)
    output.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[given..<given + count])) }
    given += count
    return Int32(count)
  }

  private func pull() {
    let code = receive()
    if code > 0 {
      take(Datagram(Array(datagram[..<Int(code)])))
    } else if code == 0 || code != FF_EXIT || patience.isOver {
      end(code == 0 ? FF_EOF : code)
    }
    while let since = order.waitsSince, waited - since >= longestWait {
      gate.noteGap()
      pass(order.giveUp())
    }
  }

  private func end(_ code: Int32) {
    pass(order.flush())
    ending = code
  }

  private func take(_ datagram: Datagram) {
    guard !isRTP || datagram.isRTP else {
      if datagram.isGoodbye { end(FF_EOF) }
      return
    }
    pass(order.accept(datagram, at: waited))
  }

  private func pass(_ datagrams: [Datagram]) {
    for datagram in datagrams {
      if datagram.isTransport { gate.pass(datagram, into: &output) } else { output += datagram.bytes }
    }
  }

  // MARK: Waiting

  /// The next datagram of the protocol.
  private func receive() -> Int32 {
    (questions, began) = (0, clock.now())
    defer {
      waited += clock.now() - began!
      began = nil
    }
    // An interruption is no end.
    network!.pointee.eof_reached = 0
    network!.pointee.error = 0
    return datagram.withUnsafeMutableBufferPointer { avio_read_partial(network, $0.baseAddress, Int32($0.count)) }
  }

  /// Whether to give up waiting: for ever, or for what is missing. What has come already is looked at first: UDP asks
  /// once before it does, RTP asks twice.
  private var isTired: Bool {
    questions += 1
    if patience.isOver { return true }
    guard questions > (isRTP ? 2 : 1), let since = order.waitsSince, let began else { return false }
    return waited + (clock.now() - began) - since >= longestWait
  }
}
