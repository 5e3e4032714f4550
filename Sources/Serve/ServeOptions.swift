/// Where to listen, whom to let in, and how much of anything one may have.
package struct ServeOptions: Sendable {
  package enum Place: Hashable, Sendable {
    /// A Unix socket at `path`, open to what `mode` says and to the group of that number. A socket file that nobody
    /// answers on is replaced.
    case unix(path: String, mode: UInt32 = 0o600, group: UInt32? = nil)
    /// A port of this machine alone: `127.0.0.1`, `::1` or `localhost`; port 0 is any that is free.
    case tcp(host: String, port: Int)
    /// A listening socket that was handed down (systemd: 3 and up): of the Unix domain, or on a loopback address,
    /// which needs the token. It is closed at the end.
    case inherited(Int32)
  }

  package var places: [Place]
  /// What clients over TCP show as `Authorization: Bearer`: 16 or more visible ASCII characters. TCP needs it.
  package var token: String?
  /// Names under which TCP may be asked, beside `localhost` and loopback addresses: those of a reverse proxy.
  package var hosts: Set<String> = []
  /// The user ids that may connect over Unix sockets, by the kernel's word; nil lets the socket's mode decide.
  package var users: Set<UInt32>?
  package var limits = ServeLimits()
  /// Takes lines for the log. May be called from any thread.
  package var report: @Sendable (String) -> Void

  package init(_ places: [Place], report: @escaping @Sendable (String) -> Void = { _ in }) {
    self.places = places
    self.report = report
  }
}

package struct ServeLimits: Sendable {
  /// Connections at once, over all places.
  package var clients = 64
  /// Of those, the ones that streams may have. Four, or a quarter, are kept for requests that are soon answered: whoever
  /// asks how the daemon is must not find all places taken for days.
  var streams: Int { clients - min(4, clients / 4) }
  /// Of a request's path and the names and values of its header fields, together.
  package var headerBytes = 16 << 10
  package var headerFields = 64
  package var bodyBytes = 64 << 10
  /// How long a client may take to send a request's head, its body, or to come with the next one.
  package var idle = Duration.seconds(60)
  /// How long a client may leave what was sent to it untaken.
  package var stall = Duration.seconds(30)
  /// How often a stream of events says something, if only that there is nothing.
  package var heartbeat = Duration.seconds(15)
  /// How many changes of sources may be under way, and pictures be drawn; how long a client waits for a picture.
  package var changes = 64
  package var pictures = 8
  package var picturePatience = Duration.seconds(10)
  /// How long answers that are under way have to end when the server stops.
  package var grace = Duration.milliseconds(500)

  package init() {}
}
