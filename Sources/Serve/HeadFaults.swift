import HTTPTypes
import NIOCore
import NIOHTTP1

/// Tells a client what was wrong with the head of its request. Behind the decoder, whose errors it hears; the server
/// answers each of them with a bare 400, in its turn, which becomes ours here.
final class HeadFaults: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private let limits: ServeLimits
  private let line: RequestLine
  private let onFault: @Sendable (String) -> Void
  private var fault: Answer?

  /// - Parameter line: before the decoder, of the same channel.
  init(_ limits: ServeLimits, _ line: RequestLine, onFault: @escaping @Sendable (String) -> Void) {
    (self.limits, self.line, self.onFault) = (limits, line, onFault)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .end = unwrapInboundIn(data) { line.beginAnew() }
    context.fireChannelRead(data)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // Whoever has hung up hears nothing.
    if let error = error as? HTTPParserError, fault == nil, error != .invalidEOFState {
      let (status, words) = verdict(error)
      fault = .error(status, words)
      onFault("a request with \(words)")
    }
    context.fireErrorCaught(error)
  }

  private func verdict(_ error: HTTPParserError) -> (HTTPResponse.Status, String) {
    guard error == .headerOverflow else { return (.badRequest, "a head that is none of HTTP/1.1") }
    guard line.length <= limits.headerBytes else {
      return (.uriTooLong, "more than \(limits.headerBytes) bytes in its first line")
    }
    return (
      .requestHeaderFieldsTooLarge, "more than \(limits.headerBytes) bytes or \(limits.headerFields) fields in its head"
    )
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard case .head(let head) = unwrapOutboundIn(data), let fault, head.status == .badRequest,
      head.headers["content-length"] == ["0"]
    else { return context.write(data, promise: promise) }
    var fields = HTTPHeaders(fault.fields.map { ($0.name.rawName, $0.value) })
    fields.add(name: "Date", value: HTTPDate.now)
    fields.add(name: "Connection", value: "close")
    let status = HTTPResponseStatus(statusCode: fault.status.code, reasonPhrase: fault.status.reasonPhrase)
    let whole = HTTPResponseHead(version: head.version, status: status, headers: fields)
    context.write(wrapOutboundOut(.head(whole)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: fault.body)))), promise: promise)
  }
}

@available(*, unavailable)
extension HeadFaults: Sendable {}

/// Measures the first line of each request, before the decoder: what is too long in it the decoder does not say.
final class RequestLine: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private static let feed = UInt8(ascii: "\n")
  /// In bytes, as far as it has come.
  private(set) var length = 0
  private var isOver = false
  private var last = RequestLine.feed

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data).readableBytesView
    if !isOver {
      let rest = bytes.prefix { $0 != Self.feed }
      length += rest.count
      isOver = rest.count < bytes.count
    }
    last = bytes.last ?? last
    context.fireChannelRead(data)
  }

  /// A request is over. If there is more behind its end, a line that has begun already is not measured.
  func beginAnew() {
    length = 0
    isOver = last != Self.feed
  }
}

@available(*, unavailable)
extension RequestLine: Sendable {}
