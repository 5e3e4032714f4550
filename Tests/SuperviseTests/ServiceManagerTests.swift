import Glibc
import Supervise
import System
import Testing

@Suite struct ServiceManagerTests {
  /// A manager's socket; what it heard.
  private func heard(at address: String, _ tell: (ServiceManager) -> Void) throws -> [String] {
    let path = try #require(UnixPath(address))
    let socket = try Descriptor.datagramSocket()
    try socket.bind(path)
    tell(ServiceManager(socket: address, watchdog: nil, watched: nil))
    _ = fcntl(socket.number, F_SETFL, O_NONBLOCK)
    var messages: [String] = []
    while true {
      let bytes = try socket.readSome(4096)
      if bytes.isEmpty { return messages }
      messages.append(String(decoding: bytes, as: UTF8.self))
    }
  }

  @Test func theManagerHearsEachStateInItsWords() throws {
    let messages = try heard(at: "@tandem-test-\(getpid())") { manager in
      manager.tell(.ready, .status("two\nsources"))
      manager.tell(.reloading(now: .seconds(5) + .microseconds(7)))
      manager.tell(.alive)
      manager.tell(.stopping)
    }
    #expect(
      messages == ["READY=1\nSTATUS=two sources", "RELOADING=1\nMONOTONIC_USEC=5000007", "WATCHDOG=1", "STOPPING=1"])
  }

  @Test func withoutAManagerNothingHappens() {
    ServiceManager(socket: nil, watchdog: nil, watched: nil).tell(.ready)
    ServiceManager(socket: "/nowhere/at/all", watchdog: nil, watched: nil).tell(.ready)
  }

  @Test func theWatchdogIsForWhomItNames() {
    #expect(ServiceManager(socket: nil, watchdog: "3000000", watched: nil).watchdog == .seconds(3))
    #expect(ServiceManager(socket: nil, watchdog: "3000000", watched: "\(getpid())").watchdog == .seconds(3))
    #expect(ServiceManager(socket: nil, watchdog: "3000000", watched: "1").watchdog == nil)
    #expect(ServiceManager(socket: nil, watchdog: "soon", watched: nil).watchdog == nil)
  }

  @Test func socketsOfAnotherProcessAreNotOurs() {
    #expect(InheritedSockets(pid: "1", count: "2", names: "records:http").numbers.isEmpty)
    #expect(InheritedSockets(pid: nil, count: nil, names: nil).numbers.isEmpty)
    #expect(InheritedSockets(pid: "\(getpid())", count: "-3", names: nil).numbers.isEmpty)
  }
}
