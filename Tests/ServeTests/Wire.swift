import Dispatch
import Glibc
import Serve
import Synchronization

/// A client with nothing between it and the socket, used by one thread at a time. Every wait ends after a minute
/// at the latest.
final class Wire: @unchecked Sendable {
  let number: Int32
  private(set) var got: [UInt8] = []
  private(set) var hasEnded = false
  private var searched = 0

  /// Connects to a Unix socket; nil where nobody answers.
  init?(_ path: String) {
    number = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let status = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard status == 0 else { return nil }
    setUp()
  }

  /// Connects to a port of this machine.
  init?(port: Int) {
    number = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { return nil }
    setUp()
  }

  deinit { hangUp() }

  private func setUp() {
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    _ = unsafe setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
    _ = unsafe setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
  }

  private var isOpen = true

  func hangUp() {
    if isOpen { _ = Glibc.close(number) }
    isOpen = false
  }

  /// Sends all; false where the other end takes no more.
  @discardableResult func send(_ bytes: [UInt8]) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.send(number, $0.baseAddress?.advanced(by: done), bytes.count - done, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return false }
      done += count
    }
    return true
  }

  @discardableResult func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// A request without a body. fields: lines.
  func ask(_ line: String, _ fields: [String] = ["Host: localhost"]) {
    send("\(line) HTTP/1.1\r\n" + fields.map { "\($0)\r\n" }.joined() + "\r\n")
  }

  /// Takes what has come, waiting for some; false at the end.
  @discardableResult func take(_ limit: Int = 1 << 16) -> Bool {
    var chunk = [UInt8](repeating: 0, count: limit)
    let count = unsafe recv(number, &chunk, limit, 0)
    if count <= 0 {
      hasEnded = count == 0 || errno == ECONNRESET
      return false
    }
    got += chunk[..<count]
    return true
  }

  var text: String { String(decoding: got, as: UTF8.self) }

  /// Whether `mark` comes, behind what was waited for before.
  func wait(for mark: String) -> Bool {
    let mark = Array(mark.utf8)
    while true {
      while let start = got[searched...].firstIndex(of: mark[0]), start + mark.count <= got.count {
        if got[start..<start + mark.count] == mark[...] { return true }
        searched = start + 1
      }
      if !take() { return false }
    }
  }

  /// Whether the other end hangs up.
  func waitForEnd() -> Bool {
    while take() {}
    return hasEnded
  }

  /// The next answer, whole; nil where it breaks off.
  func answer(toHead: Bool = false) -> Reply? {
    while Reply.end(got, toHead: toHead) == nil { if !take() { return nil } }
    guard let end = Reply.end(got, toHead: toHead), let reply = Reply(got[..<end]) else { return nil }
    got.removeFirst(end)
    searched = 0
    return reply
  }
}

/// An answer as it came.
struct Reply {
  let status: Int
  let fields: [String: String]
  let body: [UInt8]

  var text: String { String(decoding: body, as: UTF8.self) }

  fileprivate init?(_ bytes: ArraySlice<UInt8>) {
    guard let split = Self.split(bytes) else { return nil }
    let lines = String(decoding: bytes[..<split], as: UTF8.self).split(separator: "\r\n")
    guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
    self.status = status
    fields = lines.dropFirst().reduce(into: [:]) { fields, line in
      let sides = line.split(separator: ":", maxSplits: 1)
      if sides.count == 2 { fields[sides[0].lowercased()] = String(sides[1].drop { $0 == " " }) }
    }
    let rest = Array(bytes[(split + 4)...])
    body = fields["transfer-encoding"] == "chunked" ? Self.unchunked(rest) : rest
  }

  /// Where the first answer in `bytes` ends.
  fileprivate static func end(_ bytes: [UInt8], toHead: Bool) -> Int? {
    guard let split = split(bytes[...]) else { return nil }
    let head = String(decoding: bytes[..<split], as: UTF8.self).lowercased()
    if head.contains(" 100 ") || head.contains(" 204 ") || toHead { return split + 4 }
    if head.contains("transfer-encoding: chunked") {  // nothing follows these in our tests
      let last = bytes[max(0, bytes.count - 5)...]
      return last.elementsEqual([48, 13, 10, 13, 10]) ? bytes.count : nil
    }
    let length = head.firstMatch(of: #/content-length: (\d+)/#).flatMap { Int($0.1) } ?? 0
    return bytes.count >= split + 4 + length ? split + 4 + length : nil
  }

  /// What chunks hold, as far as they have come.
  static func unchunked(_ bytes: [UInt8]) -> [UInt8] {
    var (body, place): ([UInt8], Int) = ([], 0)
    while let stop = bytes[place...].firstIndex(of: 13) {
      guard let size = Int(String(decoding: bytes[place..<stop], as: UTF8.self), radix: 16) else { break }
      let (start, end) = (stop + 2, stop + 2 + size)
      if end > bytes.count { return body + bytes[min(start, bytes.count)...] }
      body += bytes[start..<end]
      place = end + 2
      if place > bytes.count || size == 0 { return body }
    }
    return body
  }

  private static func split(_ bytes: ArraySlice<UInt8>) -> Int? {
    bytes.indices.dropLast(3).first { bytes[$0] == 13 && Array(bytes[$0..<$0 + 4]) == [13, 10, 13, 10] }
  }
}

/// A server of one test's own on a Unix socket, and the face behind it.
final class House: Sendable {
  let face: Face
  let server: HTTPServer
  let path: String
  private let folder: String
  private let lines: Lines

  /// The log.
  final class Lines: Sendable {
    let all = Mutex<[String]>([])
  }

  var log: [String] { lines.all.withLock { $0 } }

  init(face: Face = Face(), _ change: (inout ServeOptions) -> Void = { _ in }) async throws {
    var template = Array("/tmp/serve-tests-XXXXXX".utf8CString)
    folder = unsafe mkdtemp(&template).map { unsafe String(cString: $0) } ?? "/tmp"
    path = "\(folder)/http.sock"
    let lines = Lines()
    self.lines = lines
    var options = ServeOptions([.unix(path: path)]) { line in lines.all.withLock { $0.append(line) } }
    change(&options)
    self.face = face
    let server = HTTPServer(options, face)
    self.server = server
    try await aside { try server.start() }
  }

  deinit {
    thread { [server, folder] in
      server.stop()
      _ = unsafe rmdir(folder)
    }
  }

  func stop() async throws { try await aside { [server] in server.stop() } }

  func wire() throws -> Wire {
    guard let wire = Wire(path) else { throw NobodyAnswers() }
    return wire
  }

  func tcp() throws -> Wire {
    guard let port = server.ports.first, let wire = Wire(port: port) else { throw NobodyAnswers() }
    return wire
  }

  struct NobodyAnswers: Error {}

  /// One request, one answer.
  func reply(_ line: String, _ fields: [String] = ["Host: localhost"]) throws -> Reply? {
    let wire = try wire()
    wire.ask(line, fields)
    return wire.answer(toHead: line.hasPrefix("HEAD"))
  }

  /// The value of a figure of the server's own, by its whole name.
  func figure(_ name: String) throws -> Int? {
    let text = try reply("GET /metrics")?.text ?? ""
    return text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }.flatMap { Int($0.dropFirst(name.count + 1)) }
  }
}

/// Runs what blocks on a thread of its own. Not on one of Dispatch's: Swift's tasks, the server's among them, need those.
func aside<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    thread { continuation.resume(with: Result { try body() }) }
  }
}

func thread(_ body: @escaping @Sendable () -> Void) {
  final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var number = pthread_t()
  let work = unsafe Unmanaged.passRetained(Work(body)).toOpaque()
  let status = unsafe pthread_create(
    &number, nil,
    { context in
      if let context = unsafe context { unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body() }
      return nil
    }, work)
  precondition(status == 0, "no more threads")
  pthread_detach(number)
}

/// Hangs up on each as soon as the server ends what it sends, as curl does; what is returned waits for that.
func hangUpAtTheEnd(_ wires: [Wire]) -> DispatchGroup {
  let all = DispatchGroup()
  for wire in wires {
    all.enter()
    thread {
      _ = wire.waitForEnd()
      wire.hangUp()
      all.leave()
    }
  }
  return all
}

/// Whether `condition` comes true within some seconds.
func soon(_ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<3000 {
    if try condition() { return true }
    usleep(20_000)
  }
  return false
}

/// Memory of this process that is in use, in bytes.
func residentBytes() -> Int {
  guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
  defer { _ = unsafe fclose(file) }
  var line = [CChar](repeating: 0, count: 128)
  guard unsafe fgets(&line, 128, file) != nil else { return 0 }
  let text = String(decoding: line.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
}
