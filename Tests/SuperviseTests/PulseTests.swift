import Supervise
import Synchronization
import Testing

@Suite struct PulseTests {
  private final class Clock: Sendable {
    let time = Mutex(Duration.zero)
    func go(_ seconds: Int) { time.withLock { $0 += .seconds(seconds) } }
  }

  @Test func whoDoesNotBeatInTimeIsNamed() {
    let clock = Clock()
    let pulses = Pulses { clock.time.withLock { $0 } }
    let door = pulses.begin("door", within: .seconds(10))
    let yard = pulses.begin("yard", within: .seconds(10))
    clock.go(8)
    #expect(pulses.stuck == [])
    door.beat(within: .seconds(10))
    clock.go(3)
    #expect(pulses.stuck == ["yard"])
    yard.beat(within: .seconds(30))  // it rests, and says so
    clock.go(8)
    #expect(pulses.stuck == ["door"])
    door.end()
    #expect(pulses.stuck == [])
    clock.go(30)
    #expect(pulses.stuck == ["yard"])
  }

  @Test func whoWaitsForAnotherIsNotStuckUntilItHasBeatenAgain() {
    let clock = Clock()
    let pulses = Pulses { clock.time.withLock { $0 } }
    let door = pulses.begin("door", within: .seconds(10))
    door.rest()
    clock.go(100_000)
    #expect(pulses.stuck == [])
    door.beat(within: .seconds(10))
    clock.go(11)
    #expect(pulses.stuck == ["door"])
  }

  @Test func aPulseThatHasEndedDoesNotComeBack() {
    let clock = Clock()
    let pulses = Pulses { clock.time.withLock { $0 } }
    let door = pulses.begin("door", within: .seconds(1))
    door.end()
    door.beat(within: .seconds(1))
    clock.go(100)
    #expect(pulses.stuck == [])
  }
}
