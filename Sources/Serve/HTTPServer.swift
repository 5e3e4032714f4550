import Glibc
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import System

/// The daemon's HTTP door: what it knows, for `curl`, browsers, scrapers and scripts. Owns one thread for its sockets,
/// and answers on Swift's own; what may take long has its `Workroom`s.
package final class HTTPServer: Sendable {
  /// The thread that all servers of the process have for their sockets. It stays: what clients leave behind when they
  /// go may still need it.
  private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

  /// A newcomer is turned away.
  private struct Refused: Error {}

  private let options: ServeOptions
  private let clients: Clients
  private let routes: Routes
  private let workrooms: Workrooms
  private let logger = Logger(label: "http") { _ in SwiftLogNoOpLogHandler() }
  private let doors = Mutex<[Door]>([])

  package init(_ options: ServeOptions, _ face: any DaemonFace) {
    self.options = options
    let clients = Clients(options.limits, report: options.report)
    self.clients = clients
    workrooms = Workrooms(options.limits)
    routes = Routes(face: face) { clients.metrics }
  }

  /// Opens all places; returns when clients can connect. Once.
  package func start() throws(ServeError) {
    try options.check()
    var opened: [Door] = []
    do throws(ServeError) {
      let tcp = Access(token: options.token, hosts: Set(options.hosts.map { $0.lowercased() }))
      for place in options.places { opened.append(try Door.open(place, tcp) { bootstrap($0) }) }
    } catch {
      shut(opened)
      throw error
    }
    doors.withLock { $0 = opened }
  }

  /// Ends all streams and closes all connections, those that will not end after the grace; returns when that is done,
  /// at twice the grace at the latest.
  package func stop() {
    let opened = doors.withLock { doors in
      defer { doors = [] }
      return doors
    }
    if !opened.isEmpty { shut(opened) }
  }

  /// The TCP ports that are open, in the order of their places.
  package var ports: [Int] { doors.withLock { $0.compactMap { $0.channel.localAddress?.port } } }

  private func shut(_ doors: [Door]) {
    for door in doors { door.close() }
    let (busy, gone) = clients.stop()
    let loop = Self.group.next()
    let grace = TimeAmount(options.limits.grace)
    let isOver = loop.makePromise(of: Void.self)
    loop.scheduleTask(in: grace) { for channel in busy { channel.close(promise: nil) } }
    loop.scheduleTask(in: grace + grace) { isOver.succeed() }
    EventLoopFuture.andAllComplete(gone, on: loop).cascade(to: isOver)
    _ = try? isOver.futureResult.wait()  // never fails
  }

  private func bootstrap(_ access: Access) -> ServerBootstrap {
    let limits = options.limits
    let conversation = Conversation(
      routes: routes, clients: clients, access: access, limits: limits, workrooms: workrooms)
    let clients = clients
    var decoder = HTTP1Channel.Configuration.DecoderConfiguration()
    decoder.maxHeaderFieldSize = limits.headerBytes
    decoder.maxHeaderListSize = limits.headerBytes
    decoder.maxHeaderFieldCount = limits.headerFields
    let http = HTTP1Channel(
      responder: { request, writer, channel in try await conversation.respond(request, writer, channel) },
      configuration: .init(
        additionalChannelHandlers: [
          StallGuard(patience: TimeAmount(limits.stall)) {
            clients.refuse(.stalled, "a client that took nothing for \(limits.stall)")
          }
        ], idleTimeout: TimeAmount(limits.idle), httpDecoderConfiguration: decoder))
    return ServerBootstrap(group: Self.group)
      .serverChannelOption(.backlog, value: 64)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            AcceptPause { error in clients.pause("newcomers have to wait: \(Errno(code: error.errnoCode))") })
        }
      }
      .childChannelInitializer { [self] channel in
        self.isAllowed(channel, access).flatMap { isAllowed in
          isAllowed ? self.admit(channel, http) : channel.eventLoop.makeFailedFuture(Refused())
        }.flatMap {
          guard access.hosts == nil else { return channel.eventLoop.makeSucceededVoidFuture() }
          return channel.setOption(.socketOption(.so_sndbuf), value: StallGuard.unixRoom)
        }
      }
  }

  /// Whether the kernel says that one of the users who may is at the other end; over TCP it says nothing.
  private func isAllowed(_ channel: any Channel, _ access: Access) -> EventLoopFuture<Bool> {
    guard let users = options.users, access.hosts == nil else { return channel.eventLoop.makeSucceededFuture(true) }
    guard let socket = channel as? any SocketOptionProvider else { return channel.eventLoop.makeSucceededFuture(false) }
    let credentials: EventLoopFuture<Credentials> = socket.unsafeGetSocketOption(
      level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
    let clients = clients
    return credentials.map { peer in
      if users.contains(peer.user) { return true }
      clients.refuse(.user, "user \(peer.user), process \(peer.process), may not connect")
      return false
    }
  }

  private func admit(_ channel: any Channel, _ http: HTTP1Channel) -> EventLoopFuture<Void> {
    let gone = channel.eventLoop.makePromise(of: Void.self)
    guard clients.enter(channel, gone: gone.futureResult) else {
      gone.succeed()
      clients.refuse(.full, "more than \(options.limits.clients) clients")
      return channel.eventLoop.makeFailedFuture(Refused())
    }
    let (clients, logger, limits) = (clients, logger, options.limits)
    return http.setup(channel: channel, logger: logger).flatMapThrowing { connection in
      let pipeline = channel.pipeline.syncOperations
      let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
      let line = RequestLine()
      try pipeline.addHandler(line, position: .before(decoder))
      try pipeline.addHandler(HeadFaults(limits, line) { clients.refuse(.head, $0) }, position: .after(decoder))
      Task {
        await http.handle(value: connection, logger: logger)
        clients.leave(channel)
        gone.succeed()
      }
    }.flatMapErrorThrowing { error in
      clients.leave(channel)
      gone.succeed()
      throw error
    }
  }
}

/// `struct ucred` of <sys/socket.h>.
private struct Credentials {
  let process: Int32
  let user: UInt32
  let group: UInt32
}

extension ServeOptions {
  fileprivate func check() throws(ServeError) {
    if let token, token.utf8.count < 16 || !token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
      throw .configuration("the token has at least 16 visible ASCII characters")
    }
    let isTCP = places.contains { if case .tcp = $0 { true } else { false } }
    if isTCP && token == nil { throw .configuration(ServeError.tokenless) }
  }
}
