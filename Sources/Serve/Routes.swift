import Emit
import HTTPTypes

/// What to answer: the map of the door. Knows nothing of connections.
struct Routes: Sendable {
  let face: any DaemonFace
  /// The door's own.
  let metrics: @Sendable () -> [MetricFamily]

  enum Route {
    case answer(Answer)
    /// Sources change: that may take a while, and so may a picture.
    case change(@Sendable () -> Answer)
    case picture(@Sendable () -> Answer)
    /// The body is to be read first.
    case put(source: String)
    case records(RecordQuery)
  }

  static let index = [
    "GET    /v1/records                records: ?source=NAME ?from=POSITION ?vectors=none|base64|array",
    "GET    /v1/sources                all sources and their states",
    "GET    /v1/sources/NAME           one of them",
    "PUT    /v1/sources/NAME           add or replace it",
    "DELETE /v1/sources/NAME           remove it",
    "GET    /v1/sources/NAME/picture   what it showed last",
    "GET    /healthz /readyz /metrics  for supervisors",
  ]

  func route(_ request: HTTPRequest) -> Route {
    guard let target = Target(request.path ?? "") else { return .answer(.error(.badRequest, "no such path")) }
    let isGet = request.method == .get || request.method == .head
    if target.path == ["v1", "records"] { return records(target, request) }
    if let strange = target.query.first {
      return .answer(.error(.badRequest, "no parameter is known here: \(strange.name)"))
    }
    switch target.path {
    case let path where path.count == 3 && path.starts(with: ["v1", "sources"]): return source(path[2], request.method)
    case let path where path.count == 4 && path.starts(with: ["v1", "sources"]) && path[3] == "picture":
      return isGet ? .picture { picture(path[2]) } : .answer(.methods("GET"))
    case let path:
      guard let answer = reading(path) else { return .answer(.error(.notFound, "no such path; see /")) }
      return .answer(isGet ? answer() : .methods("GET"))
    }
  }

  /// The answer after the body of a `put` has been read.
  func put(_ source: String, _ body: [UInt8]) -> Answer {
    do throws(FaceError) {
      let isNew = try face.put(source: source, body)
      return report(source, isNew ? .created : .ok) ?? .noContent
    } catch { return .error(error) }
  }

  /// Paths that are only read.
  private func reading(_ path: [String]) -> (() -> Answer)? {
    switch path {
    case []: { .text(Self.index) }
    case ["healthz"]: { verdict(face.ailments()) }
    case ["readyz"]: { verdict(face.obstacles()) }
    case ["metrics"]:
      {
        Answer(.ok, OpenMetrics.mediaType, Array(OpenMetrics.text(face.metrics() + metrics()).utf8))
      }
    case ["v1", "sources"]: { .json(.list(face.sources().map(\.json))) }
    default: nil
    }
  }

  private func verdict(_ reasons: [String]) -> Answer {
    reasons.isEmpty ? .text(["ok"]) : .text(reasons, .serviceUnavailable)
  }

  private func picture(_ source: String) -> Answer {
    do throws(FaceError) {
      guard let picture = try face.picture(of: source) else {
        return .error(.notFound, "\(source) has not shown a picture yet")
      }
      return Answer(.ok, picture.kind.rawValue, picture.bytes)
    } catch { return .error(error) }
  }

  private func source(_ name: String, _ method: HTTPRequest.Method) -> Route {
    guard !name.isEmpty else { return .answer(.error(.notFound, "a source has a name")) }
    switch method {
    case .get, .head: return .answer(report(name) ?? .error(.notFound, "no source \(name)"))
    case .put: return .put(source: name)
    case .delete: return .change { delete(name) }
    default: return .answer(.methods("GET, PUT, DELETE"))
    }
  }

  private func report(_ name: String, _ status: HTTPResponse.Status = .ok) -> Answer? {
    face.sources().first { $0.name == name }.map { .json($0.json, status) }
  }

  private func delete(_ name: String) -> Answer {
    do throws(FaceError) {
      try face.delete(source: name)
      return .noContent
    } catch { return .error(error) }
  }

  private func records(_ target: Target, _ request: HTTPRequest) -> Route {
    guard request.method == .get else { return .answer(.methods("GET")) }
    do throws(QueryFault) {
      return .records(try RecordQuery(target, request.headerFields))
    } catch {
      switch error {
      case .invalid(let line): return .answer(.error(.badRequest, line))
      case .notAcceptable:
        let forms = RecordForm.allCases.map(\.rawValue).joined(separator: ", ")
        return .answer(.error(.notAcceptable, "records can be had as \(forms)"))
      }
    }
  }
}
