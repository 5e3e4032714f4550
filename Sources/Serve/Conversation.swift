import Emit
import HTTPTypes
import HummingbirdCore
import NIOCore

/// Answers one request after the other of the clients that come in at one place.
struct Conversation: Sendable {
  let routes: Routes
  let clients: Clients
  let access: Access
  let limits: ServeLimits
  let workrooms: Workrooms

  /// The connection is closed.
  private struct Over: Error {}

  func respond(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
    var status: HTTPResponse.Status?
    let isServing = clients.begin(channel)
    defer { clients.end(channel, status: status?.code) }
    let answer: Answer
    var isRead = false
    switch isServing ? route(request.head) : .answer(.error(.serviceUnavailable, "the server is stopping")) {
    case .answer(let known): answer = known
    case .change(let work): answer = await self.answer(in: workrooms.changes, channel, work)
    case .picture(let work): answer = await self.answer(in: workrooms.pictures, channel, work)
    case .put(let source): (answer, isRead) = try await put(source, request, writer, channel)
    case .records(let query):
      guard clients.beginStream(channel) else {
        answer = noPlace
        break
      }
      switch await subscription(query) {
      case .failure(let error): answer = .error(error)
      case .success(let subscription):
        status = .ok
        return try await stream(subscription, query, writer, channel)
      }
    }
    status = answer.status
    try await send(answer, request, writer, channel, isRead: isRead)
  }

  private var noPlace: Answer {
    let line = "\(limits.streams) streams are under way, as many as http.clients (\(limits.clients)) leaves room for"
    clients.refuse(.streams, line)
    return .busy(line)
  }

  /// isRead: whether all of the request's body has been taken.
  private func put(
    _ source: String, _ request: Request, _ writer: borrowing ResponseWriter, _ channel: any Channel
  ) async throws -> (Answer, isRead: Bool) {
    if request.headers[.expect]?.lowercased() == "100-continue" {
      try await writer.writeInformationalHead(HTTPResponse(status: .continue))
    }
    guard let body = try await body(request, channel) else {
      return (.error(.contentTooLarge, "more than \(limits.bodyBytes) bytes"), false)
    }
    return (await answer(in: workrooms.changes, channel) { routes.put(source, body) }, true)
  }

  private func route(_ head: HTTPRequest) -> Routes.Route {
    switch access.fault(head) {
    case nil: return routes.route(head)
    case .host:
      clients.refuse(.host, "a request under a name that is not ours")
      return .answer(.error(.misdirectedRequest, "nothing is served under this name"))
    case .token:
      clients.refuse(.token, "a request without the token")
      return .answer(.unauthorized)
    }
  }

  private func answer(
    in room: Workroom, _ channel: any Channel, _ work: @escaping @Sendable () -> Answer
  ) async -> Answer {
    do throws(FaceError) { return try await room.run(on: channel.eventLoop, work) } catch { return .error(error) }
  }

  /// One whose first record can be had.
  private func subscription(_ query: RecordQuery) async -> Result<any RecordSubscription, FaceError> {
    do throws(FaceError) {
      let subscription = try routes.face.subscribe(sources: query.sources, from: query.position)
      do throws(FaceError) { try await subscription.prepare() } catch {
        subscription.close()
        throw error
      }
      return .success(subscription)
    } catch { return .failure(error) }
  }

  /// Nil where it is too long.
  private func body(_ request: Request, _ channel: any Channel) async throws -> [UInt8]? {
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limits.bodyBytes { return nil }
    let deadline = channel.eventLoop.scheduleTask(in: TimeAmount(limits.idle)) { channel.close(promise: nil) }
    defer { deadline.cancel() }
    var bytes: [UInt8] = []
    for try await part in request.body {
      bytes += part.readableBytesView
      if bytes.count > limits.bodyBytes { return nil }
    }
    return bytes
  }

  /// isRead: whether all of the request's body has been taken.
  private func send(
    _ answer: Answer, _ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel,
    isRead: Bool = false
  ) async throws {
    // A body that nobody reads would be still to come.
    let isLast = !isRead && request.hasBody || clients.isCrowded
    var head = HTTPResponse(status: answer.status, headerFields: answer.fields)
    head.headerFields[.date] = HTTPDate.now
    if isLast { head.headerFields[.connection] = "close" }
    var body = try await writer.writeHead(head)
    if request.method != .head { try await write(answer.body, to: &body, channel) }
    try await body.finish(nil)
    if isLast { throw Over() }
  }

  private func stream(
    _ subscription: any RecordSubscription, _ query: RecordQuery, _ writer: consuming ResponseWriter,
    _ channel: any Channel
  ) async throws {
    channel.closeFuture.whenComplete { _ in subscription.close() }
    if !clients.open(subscription, channel) { subscription.close() }
    defer { clients.close(subscription, channel) }
    let beat = query.form == .events ? heartbeat(subscription, channel) : nil
    defer { beat?.cancel() }
    var text = RecordText(subscription, query.form, query.vectors)
    var fields = HTTPFields.common(query.form.rawValue)
    fields[.position] = subscription.start
    fields[.vary] = "Accept"
    fields[.date] = HTTPDate.now
    var body = try await writer.writeHead(HTTPResponse(status: .ok, headerFields: fields))
    do {
      try await write(text.opening, to: &body, channel)
      while let chunk = try await subscription.next() { try await write(try text.bytes(chunk), to: &body, channel) }
      try await write(text.closing, to: &body, channel)
    } catch {
      // The connection breaks off: that is how the client sees that there was more.
      let isOurs = error is FaceError || error is EmitError
      if isOurs { clients.breakOff("records from \(subscription.start): \(error)") }
      throw error
    }
    try await body.finish(nil)
  }

  /// Something to say while nothing comes: proxies close what is silent for long.
  private func heartbeat(_ subscription: any RecordSubscription, _ channel: any Channel) -> RepeatedTask {
    let pause = TimeAmount(limits.heartbeat)
    return channel.eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { _ in subscription.nudge() }
  }

  /// Waits until the client has taken enough of what is written. A writer learns that there is no room only when the
  /// channel's loop has seen the piece before: hence the turn, without which all pieces would be let through.
  private func write(
    _ bytes: [UInt8], to body: inout some ResponseBodyWriter, _ channel: any Channel
  ) async throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = rest.prefix(StallGuard.piece)
      rest = rest.dropFirst(piece.count)
      try await body.write(ByteBuffer(bytes: piece))
      try await channel.eventLoop.submit {}.get()
    }
  }
}

extension Request {
  fileprivate var hasBody: Bool {
    headers[.transferEncoding] != nil || headers[.contentLength].map { $0 != "0" } ?? false
  }
}
