/// The requests under way, and where their answers belong. Numbers go up and are never used again.
struct RequestTable {
  private var places: [Int64: Int] = [:]
  private var next: Int64 = 0

  var count: Int { places.count }
  var isEmpty: Bool { places.isEmpty }

  /// The number of a request that is about to be written.
  mutating func nextID() -> Int64 {
    defer { next += 1 }
    return next
  }

  /// The request with this number has been written as a whole.
  /// place: where its answer belongs.
  mutating func open(_ id: Int64, place: Int) { places[id] = place }

  /// Where this answer belongs.
  /// - Throws: `Mishap` for one that nobody waits for; nothing else is lost by that.
  mutating func close(_ id: Int64) throws(Mishap) -> Int {
    if let place = places.removeValue(forKey: id) { return place }
    throw (0..<next).contains(id)
      ? Mishap(.repeatedID, "answered request \(id) once more, or before it was asked")
      : Mishap(.unknownID, "answered request \(id), which was never asked")
  }

  /// Whatever is under way will not be answered.
  mutating func abandon() { places = [:] }
}
