/// How a live source is opened and watched. Plain values, for they travel to wherever the source is read; each is
/// kept within its bounds.
package struct LiveOptions: Hashable, Sendable {
  /// How RTP comes to us.
  package enum Transport: String, Sendable {
    /// Over TCP where the sender can, else over UDP.
    case automatic
    case udp, tcp
  }

  package let transport: Transport
  /// Wait for a publisher instead of calling one (RTSP, RTMP, SRT, TCP).
  package let listens: Bool
  /// The input is a session description (SDP), whose word opens ports: believed only where this is said.
  package let isSessionDescription: Bool
  /// How long opening may take, finding its tracks included; where the sender sets the pace, how long its first bytes
  /// may take. Where we listen, how long a publisher may take as well.
  package let openingWait: TimeSpan
  /// How long no byte may come.
  package let silenceWait: TimeSpan
  /// How long one packet may take, however steadily its bytes trickle in.
  package let packetWait: TimeSpan
  /// How long nothing may be decoded, the stamps may stand still; five frame intervals if they are longer.
  package let stallWait: TimeSpan
  /// How long a window waits for a track after another has passed it, beyond what the track is usually behind.
  package let jitterWait: TimeSpan

  package init(
    transport: Transport = .automatic, listens: Bool = false, isSessionDescription: Bool = false,
    openingWait: TimeSpan? = nil, silenceWait: TimeSpan = TimeSpan(seconds: 10),
    packetWait: TimeSpan = TimeSpan(seconds: 15), stallWait: TimeSpan = TimeSpan(seconds: 10),
    jitterWait: TimeSpan = TimeSpan(milliseconds: 200)
  ) {
    func bounded(_ span: TimeSpan, _ low: Int64, _ high: Int64) -> TimeSpan {
      min(max(span, TimeSpan(milliseconds: low)), TimeSpan(milliseconds: high))
    }
    self.transport = transport
    self.listens = listens
    self.isSessionDescription = isSessionDescription
    self.openingWait = bounded(openingWait ?? TimeSpan(seconds: listens ? 60 : 15), 500, 3_600_000)
    self.silenceWait = bounded(silenceWait, 500, 600_000)
    self.packetWait = bounded(packetWait, 500, 600_000)
    self.stallWait = bounded(stallWait, 1000, 3_600_000)
    self.jitterWait = bounded(jitterWait, 0, 10_000)
  }
}

extension LiveOptions {
  /// How long finding the tracks of a paced source may take at least, from its first bytes on: twice what is looked at.
  package var findingWait: TimeSpan { max(packetWait, TimeSpan(seconds: 3)) }
}

/// Where the timeline of a source goes on that broke off and was opened anew.
package struct Continuation: Hashable, Sendable {
  /// Index of its first epoch.
  package var epoch: Int32
  /// Position in the source at which the last epoch ended.
  package var position: TimeSpan
  /// When that was by our own clock, in microseconds since 1970, where known: it tells the gap.
  package var wall: Int64?

  package init(epoch: Int32, position: TimeSpan, wall: Int64? = nil) {
    self.epoch = epoch
    self.position = position
    self.wall = wall
  }
}

/// Why a source was given up though it did not end: opening it anew may help.
package enum SourceFault: String, Sendable, CaseIterable {
  /// No byte, or no whole packet, came in time.
  case silent
  /// Packets came, but nothing could be decoded.
  case stalled
  /// Content came, but its stamps stood still.
  case frozen
  /// Nothing of one track could be decoded for seconds, while packets of it came: it changed its codec.
  case format
  /// Stamps ran far ahead of the clock.
  case overRate = "over_rate"
  /// A recorded one: its bytes could not be read on, the disk's or the network's fault.
  case input = "read_error"
}

/// What the clock on the wall said at an epoch's zero, as far as known now: later marks know better.
package struct WallTime: Hashable, Sendable {
  package enum Basis: String, Sendable {
    /// When packets arrived: capture was earlier by a delay that nobody told us.
    case arrival
    /// By the sender's own reports (RTCP).
    case sender
  }

  package var epoch: Int32
  /// Microseconds since 1970.
  package var zero: Int64
  /// The same by our own clock when packets arrived, whoever told `zero`: gaps are measured by one clock.
  package var arrivalZero: Int64
  package var uncertaintyMicroseconds: Int64
  package var basis: Basis
  /// How much the wall's clock outruns the source's; nil until a minute has told.
  package var driftPPM: Float?

  package init(
    epoch: Int32, zero: Int64, arrivalZero: Int64? = nil, uncertaintyMicroseconds: Int64, basis: Basis,
    driftPPM: Float? = nil
  ) {
    self.epoch = epoch
    self.zero = zero
    self.arrivalZero = arrivalZero ?? zero
    self.uncertaintyMicroseconds = uncertaintyMicroseconds
    self.basis = basis
    self.driftPPM = driftPPM
  }
}
