/// Requests on their way to the program, one being written while others wait for their answers.
struct Round {
  var answers: [[Float]?]
  /// What of the present request is not written yet.
  private(set) var outgoing: ArraySlice<UInt8> = []
  /// Since when an answer is due and none has come.
  var quietSince: Duration = .zero
  let began: Duration
  private let requests: [ExternalRequest]
  private var next = 0
  /// The request that is being written.
  private var writing: (id: Int64, place: Int)?

  init(_ requests: [ExternalRequest], began: Duration) {
    self.requests = requests
    self.began = began
    answers = [[Float]?](repeating: nil, count: requests.count)
  }

  func isOver(_ table: RequestTable) -> Bool { remaining == 0 && writing == nil && table.isEmpty }

  /// Requests that have not been begun.
  var remaining: Int { requests.count - next }

  /// Begins to write the next request, where fewer than `batch` are under way.
  mutating func write(_ table: inout RequestTable, batch: Int, now: Duration) {
    guard writing == nil, remaining > 0, table.count < batch else { return }
    if table.isEmpty { quietSince = now }
    let id = table.nextID()
    let more = min(remaining - 1, batch - 1 - table.count)
    outgoing = requests[next].message(id: id, more: more)[...]
    writing = (id, next)
    next += 1
  }

  /// So many bytes of `outgoing` have been taken.
  mutating func advance(_ count: Int, _ table: inout RequestTable) {
    outgoing = outgoing.dropFirst(count)
    guard let (id, place) = writing, outgoing.isEmpty else { return }
    table.open(id, place: place)
    writing = nil
  }

  /// How many requests are written or being written and not answered: they are lost, and forgotten here.
  mutating func takeUnderWay(_ table: RequestTable) -> Int {
    defer { (writing, outgoing) = (nil, []) }
    return table.count + (writing == nil ? 0 : 1)
  }
}
