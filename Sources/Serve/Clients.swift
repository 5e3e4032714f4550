import NIOCore
import Synchronization

/// Who is connected, what has been counted, and whether the server is stopping.
final class Clients: Sendable {
  /// Why someone was not served.
  enum Refusal: String, CaseIterable {
    case full, user, host, token, stalled
  }

  private struct Client {
    let channel: any Channel
    /// Its task has ended.
    let gone: EventLoopFuture<Void>
    var isBusy = false
    var subscription: (any RecordSubscription)?
  }

  private struct State {
    var clients: [ObjectIdentifier: Client] = [:]
    var isStopping = false
    var refusals: [Refusal: Int64] = [:]
    /// By status code.
    var answers: [Int: Int64] = [:]
    /// By subscriptions that are closed.
    var lostCount: Int64 = 0
  }

  private let limit: Int
  let report: @Sendable (String) -> Void
  private let state = Mutex(State())

  init(limit: Int, report: @escaping @Sendable (String) -> Void) {
    self.limit = limit
    self.report = report
  }

  /// False where no more can be let in.
  func enter(_ channel: any Channel, gone: EventLoopFuture<Void>) -> Bool {
    state.withLock { state in
      guard state.clients.count < limit, !state.isStopping else { return false }
      state.clients[ObjectIdentifier(channel)] = Client(channel: channel, gone: gone)
      return true
    }
  }

  func leave(_ channel: any Channel) {
    state.withLock { _ = $0.clients.removeValue(forKey: ObjectIdentifier(channel)) }
  }

  /// A request has come. False where the server is stopping.
  func begin(_ channel: any Channel) -> Bool {
    state.withLock { state in
      state.clients[ObjectIdentifier(channel)]?.isBusy = true
      return !state.isStopping
    }
  }

  /// Its answer is written; status: nil where it broke off before there was one.
  func end(_ channel: any Channel, status: Int?) {
    let isStopping = state.withLock { state in
      state.clients[ObjectIdentifier(channel)]?.isBusy = false
      if let status { state.answers[status, default: 0] += 1 }
      return state.isStopping
    }
    if isStopping { channel.close(mode: .output, promise: nil) }
  }

  /// The client's answer is a stream of what `subscription` gives. False where the server is stopping.
  func open(_ subscription: any RecordSubscription, _ channel: any Channel) -> Bool {
    state.withLock { state in
      state.clients[ObjectIdentifier(channel)]?.subscription = subscription
      return !state.isStopping
    }
  }

  func close(_ subscription: any RecordSubscription, _ channel: any Channel) {
    subscription.close()
    let lost = subscription.lostCount
    state.withLock { state in
      state.clients[ObjectIdentifier(channel)]?.subscription = nil
      state.lostCount += lost
    }
  }

  /// Counts, and tells the first, second, fourth, eighth … time: a flood of refusals is no flood of lines.
  func refuse(_ refusal: Refusal, _ why: @autoclosure () -> String) {
    let count = state.withLock { state in
      state.refusals[refusal, default: 0] += 1
      return state.refusals[refusal, default: 0]
    }
    if count & (count - 1) == 0 { report("http: \(why()) (\(count) so far)") }
  }

  /// Lets nobody in any more, ends all streams, hangs up on those who ask nothing. Returns all others' channels, and
  /// when all are gone.
  func stop() -> (channels: [any Channel], gone: [EventLoopFuture<Void>]) {
    let clients = state.withLock { state in
      state.isStopping = true
      return Array(state.clients.values)
    }
    for client in clients {
      client.subscription?.close()
      if !client.isBusy { client.channel.close(promise: nil) }
    }
    return (clients.filter(\.isBusy).map(\.channel), clients.map(\.gone))
  }
}

extension Clients {
  var metrics: [MetricFamily] {
    let (clients, refusals, answers, lost) = state.withLock { state in
      (Array(state.clients.values), state.refusals, state.answers, state.lostCount)
    }
    let subscriptions = clients.compactMap(\.subscription)
    let count = lost + subscriptions.reduce(0) { $0 + $1.lostCount }
    return [
      MetricFamily("tandem_http_clients", .gauge, help: "Connections.", [MetricSample(.integer(Int64(clients.count)))]),
      MetricFamily(
        "tandem_http_streams", .gauge, help: "Streams of records under way.",
        [MetricSample(.integer(Int64(subscriptions.count)))]),
      MetricFamily(
        "tandem_http_answers", .counter, help: "Answers that have ended, by status.",
        answers.sorted { $0.key < $1.key }.map { MetricSample(.integer($0.value), [("status", "\($0.key)")]) }),
      MetricFamily(
        "tandem_http_refused", .counter, help: "Clients and requests that were turned away, by reason.",
        Refusal.allCases.map { MetricSample(.integer(refusals[$0] ?? 0), [("reason", $0.rawValue)]) }),
      MetricFamily(
        "tandem_http_records_dropped", .counter, help: "Records that clients lost because they were slower.",
        [MetricSample(.integer(count))]),
    ]
  }
}
