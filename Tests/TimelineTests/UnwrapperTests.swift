import Testing

@testable import Timeline

private let modulus: Int64 = 1 << 33
private let second: Int64 = 90_000

@Suite struct UnwrapperTests {
  /// Steps of `step` ticks over `hours`, as they stand in the source.
  private func straightened(hours: Int64, step: Int64, from origin: Int64) -> Int64 {
    var unwrapper = Unwrapper(bits: 33)
    var last = unwrapper.unwrap(origin)
    for time in stride(from: origin + step, through: origin + hours * 3600 * second, by: Int64.Stride(step)) {
      let value = unwrapper.unwrap(time & (modulus - 1))
      guard value == last + step else { return -1 }
      last = value
    }
    return last / modulus
  }

  @Test func twoWrapsInSixtyHoursAreStraight() {
    #expect(straightened(hours: 60, step: 10 * second, from: 1000 * second) == 2)
  }

  @Test func thirtySevenWrapsInAThousandHoursAreStraight() {
    #expect(straightened(hours: 1000, step: 10 * second, from: 1000 * second) == 37)
  }

  @Test(arguments: 0..<33)
  func oneFlippedBitNeverChangesALaterStamp(_ bit: Int64) {
    for start in [second, modulus / 2 - 50 * 3600, modulus - 50 * 3600] {
      for victim in 1..<100 {
        var unwrapper = Unwrapper(bits: 33)
        for n in 0..<110 {
          let (time, isDamaged) = (start + Int64(n) * 3600, n == victim)
          let raw = (time & (modulus - 1)) ^ (isDamaged ? 1 << bit : 0)
          let value = unwrapper.unwrap(raw)
          if !isDamaged, value != time {
            Issue.record("bit \(bit) of stamp \(victim) moved stamp \(n) to \(value)")
            return
          }
        }
      }
    }
  }

  @Test func aFarPlaceIsTakenWhenASecondStampAgrees() {
    var unwrapper = Unwrapper(bits: 33)
    _ = unwrapper.unwrap(second)
    let far = modulus / 2 - second
    #expect(unwrapper.unwrap(far) == far)
    #expect(unwrapper.unwrap(far + 3600) == far + 3600)
    #expect(unwrapper.unwrap(far + 2 * 3600 + modulus / 2 - second) == far + 2 * 3600 + modulus / 2 - second)
  }

  @Test func aStepBackOverTheBorderStaysBack() {
    var unwrapper = Unwrapper(bits: 33)
    #expect(unwrapper.unwrap(100) == 100)
    #expect(unwrapper.unwrap(modulus - 100) == -100)
    #expect(unwrapper.raw(-100) == modulus - 100)
  }

  @Test func theStampOfTheSourceComesBack() {
    var unwrapper = Unwrapper(bits: 33)
    for time in stride(from: 0, through: 3 * modulus, by: 1 << 28) {
      let raw = time & (modulus - 1)
      #expect(unwrapper.raw(unwrapper.unwrap(raw)) == raw)
    }
  }

  @Test func stampsThatDoNotWrapAreLeftAlone() {
    var unwrapper = Unwrapper(bits: 64)
    for stamp: Int64 in [0, .max, .min, -5, 1 << 40] {
      #expect(unwrapper.unwrap(stamp) == stamp)
      #expect(unwrapper.raw(stamp) == stamp)
    }
  }
}
