import Config
import Fuse
import Glibc
import Linear
import Media

/// What a configuration needs that its machine may not have.
extension WayPlan {
  /// - Parameter file: the configuration's, for people.
  /// - Throws: `Failure` 78 where the keys contradict each other or the model, or there is none of that name.
  init(_ config: DaemonConfig, of file: String, _ keeper: ProgramKeeper) throws {
    do { try self.init(WayWish(config), keeper) } catch let failure as Failure where failure.exitCode == 64 {
      throw Failure(message: "\(shown(file)): \(failure.message ?? "")", exitCode: 78)
    }
  }
}

extension WayWish {
  /// - Throws: `Failure` 78.
  fileprivate init(_ config: DaemonConfig) throws {
    // The configuration was checked by the same words.
    guard let products = Engine.Products(rawValue: config.blas),
      let precision = Engine.Precision(rawValue: config.precision), let selection = TrackSelection(config.tracks)
    else { throw Failure(message: "blas, precision or tracks say nothing", exitCode: 78) }
    self.init(
      model: config.model, engine: EngineWish(products: products, precision: precision), threads: config.threads,
      isDeterministic: config.deterministic, window: config.window, hop: config.hop, pictureRate: config.fps,
      selection: selection, fuse: config.fuse.flatMap(Fuser.Kind.init(rawValue:)))
  }
}

extension DaemonConfig {
  /// The number of the group that may read the socket of records; nil: the daemon's own.
  /// - Throws: `Failure` 78 where there is none of that name.
  func recordsGroup() throws -> UInt32? { try groupNumber(records.group, "records.group") }

  /// As `recordsGroup`, of the socket of HTTP.
  func httpGroup() throws -> UInt32? { try groupNumber(http.group, "http.group") }
}

/// The number of a group of this name.
/// - Throws: `Failure` 78 where there is none.
private func groupNumber(_ name: String?, _ key: String) throws -> UInt32? {
  guard let name else { return nil }
  if let number = UInt32(name) { return number }
  guard let group = unsafe getgrnam(name) else {
    throw Failure(message: "\(key): no group is named \(name)", exitCode: 78)
  }
  return unsafe group.pointee.gr_gid
}
