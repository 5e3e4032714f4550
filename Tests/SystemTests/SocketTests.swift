import Glibc
import System
import Testing

@Suite struct SocketTests {
  @Test func aConnectionHasItsFlagsFromTheFirstMomentOn() throws {
    let path = try #require(UnixPath("@tandem-test-socket-\(getpid())"))
    let listener = try Descriptor.socket()
    let client = try Descriptor.socket()
    try listener.bind(path)
    try listener.listen(backlog: 4)
    #expect(try listener.accept() == nil)
    try client.connect(path)
    guard let connection = try listener.accept() else {
      Issue.record("nobody came")
      return
    }
    #expect(fcntl(connection.number, F_GETFD) & FD_CLOEXEC != 0)
    #expect(fcntl(connection.number, F_GETFL) & O_NONBLOCK != 0)
    #expect(try client.send([1, 2], from: 0) == 2)
    #expect(try connection.readSome(8) == [1, 2])
  }
}
