import Glibc
import NIOCore
import NIOPosix
import Synchronization
import System

/// One place where clients come in.
final class Door: Sendable {
  let channel: any Channel
  /// Keeps the socket's file in being, and removes it with the door.
  private let listener: Mutex<Listener?>

  /// Blocks until the door is open. tcp: what newcomers have to show there; bootstrap: that lets in those who show it.
  static func open(
    _ place: ServeOptions.Place, _ tcp: Access, _ bootstrap: (Access) -> ServerBootstrap
  ) throws(ServeError) -> Door {
    switch place {
    case .unix(let path, let mode, let group): try unix(path, mode, group, bootstrap(.unix))
    case .tcp(let host, let port): try self.tcp(host, port, bootstrap(tcp))
    case .inherited(let number): try inherited(number, tcp, bootstrap)
    }
  }

  private init(_ channel: any Channel, _ listener: consuming sending Listener? = nil) {
    self.channel = channel
    self.listener = Mutex(listener)
  }

  /// Lets nobody in any more.
  func close() {
    _ = try? channel.close().wait()  // that it is closed already is no fault
    listener.withLock { $0 = nil }
  }

  private static func unix(
    _ path: String, _ mode: UInt32, _ group: UInt32?, _ bootstrap: ServerBootstrap
  ) throws(ServeError) -> Door {
    do {
      let listener = try Listener.open(path, mode: mode, group: group)
      let number = try Descriptor.duplicate(listener.descriptor.number).release()
      return Door(try bootstrap.withBoundSocket(number).wait(), listener)
    } catch Listener.Refusal.isServed {
      throw .inputOutput("serve \(path): \(Listener.Refusal.isServed)")
    } catch Listener.Refusal.path {
      throw .configuration("serve \(path): \(Listener.Refusal.path)")
    } catch {
      throw .cannotCreate("serve \(path): \(error)")
    }
  }

  private static func tcp(_ host: String, _ port: Int, _ bootstrap: ServerBootstrap) throws(ServeError) -> Door {
    let place = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    let numeric = host == "localhost" ? "127.0.0.1" : host
    guard let address = try? SocketAddress(ipAddress: numeric, port: port), address.isLoopback else {
      throw .configuration("serve \(place): only loopback addresses are served: 127.0.0.1, ::1 or localhost")
    }
    do { return Door(try bootstrap.bind(to: address).wait()) } catch let error as IOError {
      let line = "serve \(place): \(Errno(code: error.errnoCode))"
      throw error.errnoCode == EADDRINUSE ? .inputOutput(line) : .cannotCreate(line)
    } catch { throw .cannotCreate("serve \(place): \(error)") }
  }

  private static func inherited(
    _ number: Int32, _ tcp: Access, _ bootstrap: (Access) -> ServerBootstrap
  ) throws(ServeError) -> Door {
    do {
      guard try option(number, SO_ACCEPTCONN) == 1 else { throw ServeError.inputOutput("it does not listen") }
      let isUnix = try option(number, SO_DOMAIN) == AF_UNIX
      guard isUnix || tcp.token != nil else { throw ServeError.configuration(ServeError.tokenless) }
      _ = try Errno.check { fcntl(number, F_SETFD, FD_CLOEXEC) }
      _ = try Errno.check { fcntl(number, F_SETFL, O_NONBLOCK) }
      let door = Door(try bootstrap(isUnix ? .unix : tcp).withBoundSocket(number).wait())
      if isUnix || door.channel.localAddress?.isLoopback == true { return door }
      door.channel.close(promise: nil)
      throw ServeError.configuration("only loopback addresses are served")
    } catch {
      let line = "serve descriptor \(number): \(error)"
      if case ServeError.configuration = error { throw .configuration(line) }
      throw .inputOutput(line)
    }
  }

  private static func option(_ number: Int32, _ name: Int32) throws(Errno) -> Int32 {
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    _ = try Errno.check { unsafe getsockopt(number, SOL_SOCKET, name, &value, &size) }
    return value
  }
}

extension SocketAddress {
  fileprivate var isLoopback: Bool { ipAddress.map { $0.hasPrefix("127.") || $0 == "::1" } ?? false }
}
