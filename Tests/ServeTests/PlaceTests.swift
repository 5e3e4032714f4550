import Glibc
import System
import Testing

@testable import Serve

@Suite(.serialized) struct PlaceTests {
  private static let token = "0123456789abcdef"

  private func status(_ path: String) -> stat {
    var status = stat()
    _ = unsafe lstat(path, &status)
    return status
  }

  @Test func theSocketHasItsModeAndGroupAndGoesWithTheServer() async throws {
    let before = umask(0o077)
    defer { umask(before) }
    var path = ""
    let house = try await House { options in
      if case .unix(let place, _, _)? = options.places.first { path = place }
      options.places = [.unix(path: path, mode: 0o660, group: getgid())]
    }
    #expect(status(path).st_mode & 0o7777 == 0o660)
    #expect(status(path).st_gid == getgid())
    try await house.stop()
    #expect(status(path).st_mode == 0)
  }

  @Test(.enabled(if: getuid() == 0)) func theGroupMayBeAnother() async throws {
    let house = try await House { options in
      if case .unix(let path, _, _)? = options.places.first {
        options.places = [.unix(path: path, mode: 0o660, group: 54_321)]
      }
    }
    #expect(status(house.path).st_gid == 54_321)
    #expect(status(house.path).st_uid == 0)
  }

  @Test func aStaleSocketIsReplacedALiveOneIsNot() async throws {
    let house = try await House()
    let second = HTTPServer(ServeOptions([.unix(path: house.path)]), Face())
    #expect(throws: ServeError.inputOutput("serve \(house.path): another process serves there")) { try second.start() }
    #expect(try await aside { try house.reply("GET /healthz")?.status } == 200)
    let stale = try await House { options in
      guard case .unix(let path, _, _)? = options.places.first else { return }
      let left = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      if let address = UnixPath(path) { try? Descriptor(owning: left).bind(address) }
    }
    #expect(try await aside { try stale.reply("GET /healthz")?.status } == 200)
  }

  @Test func badPlacesAreRefusedInOneLine() {
    func failure(_ place: ServeOptions.Place, token: String? = Self.token) -> ServeError? {
      var options = ServeOptions([place])
      options.token = token
      do {
        try HTTPServer(options, Face()).start()
        return nil
      } catch { return error }
    }
    #expect(failure(.tcp(host: "0.0.0.0", port: 0))?.exitCode == 78)
    #expect(failure(.tcp(host: "::", port: 0))?.exitCode == 78)
    #expect(failure(.tcp(host: "example.org", port: 0))?.exitCode == 78)
    #expect(failure(.tcp(host: "127.0.0.1", port: 0), token: nil)?.exitCode == 78)
    #expect(failure(.tcp(host: "127.0.0.1", port: 0), token: "short")?.exitCode == 78)
    #expect(failure(.tcp(host: "127.0.0.1", port: 0), token: "with a space in it")?.exitCode == 78)
    #expect(failure(.unix(path: "/nowhere/x"))?.description == "serve /nowhere/x: No such file or directory")
    #expect(failure(.unix(path: String(repeating: "x", count: 200)))?.exitCode == 78)
    #expect(failure(.inherited(987), token: nil)?.exitCode == 74)
    #expect(failure(.inherited(987))?.description == "serve descriptor 987: Bad file descriptor")
    let deaf = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #expect(failure(.inherited(deaf))?.description == "serve descriptor \(deaf): it does not listen")
    _ = close(deaf)
  }

  @Test func overTCPATokenAndOurNameAreNeeded() async throws {
    let house = try await House { options in
      options.places.append(.tcp(host: "localhost", port: 0))
      options.token = Self.token
      options.hosts = ["Tandem.example"]
    }
    let replies = try await aside {
      try [
        ["Host: localhost"], ["Host: localhost", "Authorization: Bearer 0123456789abcdeX"],
        ["Host: localhost", "Authorization: Bearer \(Self.token)"],
        ["Host: tandem.example", "Authorization: Bearer \(Self.token)"],
        ["Host: evil.example", "Authorization: Bearer \(Self.token)"], ["Authorization: Bearer \(Self.token)"],
      ].map { fields in
        let wire = try house.tcp()
        wire.ask("GET /healthz", fields)
        return wire.answer()
      }
    }
    #expect(replies.map { $0?.status } == [401, 401, 200, 200, 421, 421])
    #expect(replies[0]?.fields["www-authenticate"] == "Bearer")
    let (token, host) = try await aside {
      (
        try house.figure("tandem_http_refused_total{reason=\"token\"}"),
        try house.figure("tandem_http_refused_total{reason=\"host\"}")
      )
    }
    #expect(token == 2 && host == 2)
  }

  @Test func aPortThatIsTakenIsSaid() async throws {
    let house = try await House { options in
      options.places = [.tcp(host: "127.0.0.1", port: 0)]
      options.token = Self.token
    }
    let port = try #require(house.server.ports.first)
    var options = ServeOptions([.tcp(host: "127.0.0.1", port: port)])
    options.token = Self.token
    #expect(throws: ServeError.inputOutput("serve 127.0.0.1:\(port): Address already in use")) {
      try HTTPServer(options, Face()).start()
    }
  }

  @Test func descriptorsThatWereHandedDownAreServed() async throws {
    let path = "/tmp/serve-tests-\(getpid()).sock"
    var listener = try Listener.open(path)
    let local = try Descriptor.duplicate(listener.descriptor.number).release()
    let house = try await House { $0.places = [.inherited(local)] }
    let reply = try await aside {
      guard let wire = Wire(path) else { throw House.NobodyAnswers() }
      wire.ask("GET /healthz")
      return wire.answer()
    }
    #expect(reply?.status == 200)
    try await house.stop()
    // With ours closed too, nobody listens there any more.
    let other = path + ".other"
    unsafe link(path, other)
    defer { unsafe unlink(other) }
    listener.close()
    // A program that another test starts just now may hold it until it has begun.
    #expect(soon { Wire(other) == nil })
  }

  @Test func aPortThatWasHandedDownNeedsTheToken() async throws {
    let port = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    _ = listen(port, 8)  // an unbound socket listens on every address
    var options = ServeOptions([.inherited(port)])
    options.token = Self.token
    #expect(throws: ServeError.configuration("serve descriptor \(port): only loopback addresses are served")) {
      try HTTPServer(options, Face()).start()
    }
    let loopback = try bound()
    options = ServeOptions([.inherited(loopback)])
    let tokenless = "serve descriptor \(loopback): TCP is served to those only who know a token, and there is none"
    #expect(throws: ServeError.configuration(tokenless)) { try HTTPServer(options, Face()).start() }
    let house = try await House { options in
      options.places = [.inherited(loopback)]
      options.token = Self.token
    }
    let replies = try await aside {
      try [["Host: localhost"], ["Host: localhost", "Authorization: Bearer \(Self.token)"]].map { fields in
        let wire = try house.tcp()
        wire.ask("GET /healthz", fields)
        return wire.answer()?.status
      }
    }
    #expect(replies == [401, 200])
  }

  private func bound() throws -> Int32 {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0, listen(number, 8) == 0 else { throw Errno(code: errno) }
    return number
  }

  @Test func usersThatMayAreLetInAndOthersAreNot() async throws {
    let mine = try await House { $0.users = [getuid()] }
    #expect(try await aside { try mine.reply("GET /healthz")?.status } == 200)
    let others = try await House { $0.users = [getuid() + 1] }
    let isRefused = try await aside {
      let wire = try others.wire()
      wire.ask("GET /healthz")
      return wire.waitForEnd() && wire.got.isEmpty
    }
    #expect(isRefused)
    #expect(others.log == ["user \(getuid()), process \(getpid()), may not connect (1 so far)"])
  }

  @Test(.enabled(if: getuid() == 0)) func anotherUserIsKnownByTheKernelsWord() async throws {
    let house = try await House { options in
      if case .unix(let path, _, _)? = options.places.first { options.places = [.unix(path: path, mode: 0o666)] }
      options.users = [54_321]
    }
    let folder = house.path.split(separator: "/").dropLast().map { "/\($0)" }.joined()
    _ = unsafe chmod(folder, 0o755)
    @Sendable func ask(_ user: Int) throws -> ChildProcess.Ending? {
      let command = "exec curl -sf --max-time 5 --unix-socket \(house.path) http://localhost/healthz >/dev/null"
      let arguments = ["setpriv", "--reuid", "\(user)", "--clear-groups", "sh", "-c", command]
      return try ChildProcess(arguments, .init()).wait()
    }
    let (other, known) = try await aside { (try ask(54_322), try ask(54_321)) }
    #expect(other != .code(0))
    #expect(known == .code(0))
    #expect(house.log.count == 1 && house.log[0].hasPrefix("user 54322, process "))
  }
}
