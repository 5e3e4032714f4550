import Glibc

/// How often a request that failed is made again: at once as long as bytes come, else a few times, ever later.
struct Patience {
  private var waits: [Int]
  private var repeats = 0

  /// - Parameter waits: milliseconds before each further try.
  init(waits: [Int] = [500, 1000, 2000]) { self.waits = waits.reversed() }

  /// Returns when it is time for another try.
  /// - Parameters:
  ///   - seconds: as the server asks; longer than half a minute is a refusal.
  /// - Throws: `HubError.unavailable` with the complaint when there is no use in another, `.interrupted`.
  mutating func wait(
    after complaint: String, hadProgress: Bool = false, seconds: Int? = nil, goesOn: () -> Bool
  ) throws(HubError) {
    repeats += 1
    if hadProgress, repeats < 1000 { return }
    let asked = max(0, seconds ?? 0)
    guard let wait = waits.popLast(), asked <= 30 else { throw .unavailable(complaint) }
    var left = max(wait, asked * 1000)
    while left > 0 {
      guard goesOn() else { throw .interrupted }
      usleep(UInt32(min(left, 100)) * 1000)
      left -= 100
    }
  }
}
