import NIOCore
import Synchronization

/// Who is connected, what has been counted, and whether the server is stopping.
final class Clients: Sendable {
  /// Why someone was not served.
  enum Refusal: String, CaseIterable {
    case full, streams, user, host, token, head, stalled
  }

  private struct Client {
    let channel: any Channel
    /// Its task has ended.
    let gone: EventLoopFuture<Void>
    var isBusy = false
    var isStream = false
    var subscription: (any RecordSubscription)?
  }

  private struct State {
    var clients: [ObjectIdentifier: Client] = [:]
    var isStopping = false
    var refusals: [Refusal: Int64] = [:]
    /// By status code.
    var answers: [Int: Int64] = [:]
    /// Streams that ended before their end.
    var breaks: Int64 = 0
    /// Times that newcomers had to wait.
    var pauses: Int64 = 0
    /// By subscriptions that are closed.
    var lostCount: Int64 = 0
  }

  private let limits: ServeLimits
  let report: @Sendable (String) -> Void
  private let state = Mutex(State())

  init(_ limits: ServeLimits, report: @escaping @Sendable (String) -> Void) {
    self.limits = limits
    self.report = report
  }

  /// False where no more can be let in.
  func enter(_ channel: any Channel, gone: EventLoopFuture<Void>) -> Bool {
    state.withLock { state in
      guard state.clients.count < limits.clients, !state.isStopping else { return false }
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

  /// What it wants is a stream. False where that would take a place that is kept for others.
  func beginStream(_ channel: any Channel) -> Bool {
    state.withLock { state in
      guard state.clients.values.count(where: \.isStream) < limits.streams else { return false }
      state.clients[ObjectIdentifier(channel)]?.isStream = true
      return true
    }
  }

  /// Some are at places that are kept for those who leave soon.
  var isCrowded: Bool { state.withLock { $0.clients.count > limits.streams } }

  /// Its answer is written; status: nil where it broke off before there was one.
  func end(_ channel: any Channel, status: Int?) {
    let isStopping = state.withLock { state in
      state.clients[ObjectIdentifier(channel)]?.isBusy = false
      state.clients[ObjectIdentifier(channel)]?.isStream = false
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

  func refuse(_ refusal: Refusal, _ why: @autoclosure () -> String) {
    let count = state.withLock { state in
      state.refusals[refusal, default: 0] += 1
      return state.refusals[refusal, default: 0]
    }
    tell(count, why())
  }

  /// A stream ends here, and not because the client wants it.
  func breakOff(_ why: @autoclosure () -> String) {
    let count = state.withLock { state in
      state.breaks += 1
      return state.breaks
    }
    tell(count, why())
  }

  /// Nobody is let in for a moment.
  func pause(_ why: @autoclosure () -> String) {
    let count = state.withLock { state in
      state.pauses += 1
      return state.pauses
    }
    tell(count, why())
  }

  /// The first, second, fourth, eighth … time: a flood of events is no flood of lines.
  private func tell(_ count: Int64, _ why: @autoclosure () -> String) {
    if count & (count - 1) == 0 { report("\(why()) (\(count) so far)") }
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
    let state = state.withLock { $0 }
    let subscriptions = state.clients.values.compactMap(\.subscription)
    let count = state.lostCount + subscriptions.reduce(0) { $0 + $1.lostCount }
    return [
      MetricFamily(
        "tandem_http_clients", .gauge, help: "Connections.", [MetricSample(.integer(Int64(state.clients.count)))]),
      MetricFamily(
        "tandem_http_streams", .gauge, help: "Streams of records under way.",
        [MetricSample(.integer(Int64(subscriptions.count)))]),
      MetricFamily(
        "tandem_http_answers", .counter, help: "Answers that have ended, by status.",
        state.answers.sorted { $0.key < $1.key }.map { MetricSample(.integer($0.value), [("status", "\($0.key)")]) }),
      MetricFamily(
        "tandem_http_refused", .counter, help: "Clients and requests that were turned away, by reason.",
        Refusal.allCases.map { MetricSample(.integer(state.refusals[$0] ?? 0), [("reason", $0.rawValue)]) }),
      MetricFamily(
        "tandem_http_streams_broken", .counter, help: "Streams that ended because records could not be read.",
        [MetricSample(.integer(state.breaks))]),
      MetricFamily(
        "tandem_http_pauses", .counter, help: "Times that newcomers waited for want of descriptors or memory.",
        [MetricSample(.integer(state.pauses))]),
      MetricFamily(
        "tandem_http_records_dropped", .counter, help: "Records that clients lost because they were slower.",
        [MetricSample(.integer(count))]),
    ]
  }
}
