import Glibc
import Media
import Testing

@testable import Store

/// How much of the random search is done: more by TANDEM_STORE_ROUNDS, for a soak.
let rounds = unsafe getenv("TANDEM_STORE_ROUNDS").flatMap { unsafe Int(String(cString: $0)) } ?? 2000

extension StoreLimits {
  /// So small that a few dozen batches turn every page.
  static let tiny = StoreLimits(segmentBytes: 1200, journalBytes: 900, reserve: 0)
  /// As `tiny`, and only some segments are kept.
  static let tight = StoreLimits(segmentBytes: 1200, totalBytes: 5000, journalBytes: 900, reserve: 0)

  init(segmentBytes: Int, totalBytes: Int = 1 << 40, journalBytes: Int, reserve: Int) {
    self.init()
    (self.segmentBytes, self.totalBytes) = (segmentBytes, totalBytes)
    (self.journalBytes, self.reserve) = (journalBytes, reserve)
  }
}

func openStore(
  _ disk: MemoryDisk, _ limits: StoreLimits = .tiny, _ layout: StoreLayout = .numbered(0), now: Int64 = 1000
) throws(StoreError) -> RecordStore {
  try RecordStore.open(disk, named: "records", layout, limits) { now }
}

/// A store is used, the machine stops, and what is found then must keep what was promised.
@Suite struct CrashTests {
  enum Ending { case killed, powerCut }

  private func found(_ disk: MemoryDisk, _ ending: Ending, _ random: inout SplitMix) -> MemoryDisk {
    ending == .killed ? disk.afterKill() : disk.afterPowerCut(&random)
  }

  /// Opens a store on `disk` and works until that fails.
  private func work(_ disk: MemoryDisk, _ limits: StoreLimits, seed: UInt64, _ count: Int, _ witness: inout Witness) {
    guard let store = try? openStore(disk, limits) else { return }
    witness.restart()
    var caller = Caller(store, seed: seed)
    try? caller.work(count, &witness)
  }

  private func isWhole(_ limits: StoreLimits) -> Bool { limits.totalBytes > 1 << 30 }

  @Test(arguments: [Ending.killed, .powerCut], [StoreLimits.tiny, .tight])
  func aStopAtEveryCallLosesNothing(_ ending: Ending, _ limits: StoreLimits) throws {
    let whole = MemoryDisk()
    var ignored = Witness()
    work(whole, limits, seed: 7, 120, &ignored)
    try #require(whole.calls > 300)
    for call in 0..<whole.calls {
      var random = SplitMix(UInt64(call))
      let disk = MemoryDisk()
      disk.stop(at: call)
      var witness = Witness()
      work(disk, limits, seed: 7, 120, &witness)
      try #require(disk.isStopped)
      for _ in 0..<(ending == .killed ? 1 : 4) {
        let after = found(disk, ending, &random)
        let store = try openStore(after, limits)
        #expect(store.counters["store_damaged_segments"] == 0, "stopped at \(call)")
        #expect(store.counters["store_damaged_journals"] == 0, "stopped at \(call)")
        try witness.check(store, after, isWhole: isWhole(limits))
      }
    }
  }

  /// What a killed process wrote and did not sync may be found: whoever has read it must find it again.
  @Test func whatIsReadAfterAKillSurvivesAPowerCut() throws {
    for call in 0..<400 {
      let disk = MemoryDisk()
      disk.stop(at: call)
      var witness = Witness()
      work(disk, .tiny, seed: 13, 120, &witness)
      let after = disk.afterKill()
      let store = try openStore(after)
      let promised = Caller(store, seed: 1).sources.map { ($0, store.last(of: $0)) }
      var random = SplitMix(UInt64(call))
      for _ in 0..<3 {
        let later = after.afterPowerCut(&random)
        let found = try openStore(later)
        for (source, place) in promised { #expect(found.last(of: source) == place, "stopped at \(call)") }
        try witness.check(found, later)
      }
    }
  }

  @Test(arguments: [Ending.killed, .powerCut])
  func aStopAtEveryCallOfTheRecoveryLosesNothing(_ ending: Ending) throws {
    for call in stride(from: 20, to: 400, by: 13) {
      var random = SplitMix(UInt64(call))
      let disk = MemoryDisk()
      disk.stop(at: call)
      var witness = Witness()
      work(disk, .tiny, seed: 11, 120, &witness)
      let after = found(disk, ending, &random)
      let trial = after.afterKill()
      _ = try openStore(trial)
      for stop in 0..<trial.calls {
        let again = after.afterKill()
        again.stop(at: stop)
        _ = try? openStore(again)
        let last = found(again, ending, &random)
        try witness.check(try openStore(last), last)
      }
    }
  }

  /// Recovery is stopped at every call, that of what it left at another one, and that once more.
  @Test(arguments: [StoreLimits.tiny, .tight])
  func aRecoveryOfARecoveryLosesNothing(_ limits: StoreLimits) throws {
    for call in stride(from: 60, to: 400, by: max(1, 240_000 / rounds)) {
      var random = SplitMix(UInt64(call))
      let disk = MemoryDisk()
      disk.stop(at: call)
      var witness = Witness()
      work(disk, limits, seed: 17, 120, &witness)
      let after = found(disk, .powerCut, &random)
      for stop in 0..<(try recover(after, limits, witness)) {
        var disk = stopped(after, at: stop, limits, &random)
        for _ in 0..<2 {
          let calls = try recover(disk, limits, witness)
          disk = stopped(disk, at: Int(random.next() % UInt64(calls)), limits, &random)
        }
        _ = try recover(disk, limits, witness)
      }
    }
  }

  /// Of a copy; how many calls it takes.
  private func recover(_ disk: MemoryDisk, _ limits: StoreLimits, _ witness: Witness) throws -> Int {
    let trial = disk.afterKill()
    let store = try openStore(trial, limits)
    let calls = trial.calls
    #expect(store.counters["store_damaged_segments"] == 0)
    #expect(store.counters["store_damaged_journals"] == 0)
    try witness.check(store, trial, isWhole: isWhole(limits))
    return calls
  }

  /// What is found when the opening of a copy stops at a call.
  private func stopped(
    _ disk: MemoryDisk, at call: Int, _ limits: StoreLimits, _ random: inout SplitMix
  ) -> MemoryDisk {
    let trial = disk.afterKill()
    trial.stop(at: call)
    _ = try? openStore(trial, limits)
    return found(trial, random.next() % 3 == 0 ? .killed : .powerCut, &random)
  }

  @Test func aSecondRecoveryFindsNothingToDo() throws {
    for call in stride(from: 10, to: 400, by: 7) {
      var random = SplitMix(UInt64(call))
      let disk = MemoryDisk()
      disk.stop(at: call)
      var witness = Witness()
      work(disk, .tiny, seed: 3, 120, &witness)
      let after = disk.afterPowerCut(&random)
      let first = try openStore(after)
      let names = after.allNames
      let again = after.afterKill()
      again.fail { _, call in call == .write || call == .truncate || call == .rename || call == .remove ? .stop : nil }
      let second = try openStore(again)
      #expect(second.durable == first.durable)
      #expect(again.allNames == names)
      #expect(second.counters.values.isEmpty)
    }
  }

  /// Generations of processes, each ended at a random call, with everything unsynced reordered, torn or lost.
  @Test func manyCrashesInARowLoseNothing() throws {
    for round in 0..<rounds / 8 {
      var random = SplitMix(UInt64(round) &+ 1 << 32)
      let limits: StoreLimits = round % 2 == 0 ? .tiny : .tight
      var disk = MemoryDisk()
      var witness = Witness()
      for generation in 0..<8 {
        disk.stop(at: Int(random.next() % 300))
        work(disk, limits, seed: random.next(), 80, &witness)
        disk = found(disk, random.next() % 3 == 0 ? .killed : .powerCut, &random)
        for _ in 0..<random.next() % 4 {
          disk.stop(at: Int(random.next() % 30))
          _ = try? openStore(disk, limits)
          disk = found(disk, random.next() % 3 == 0 ? .killed : .powerCut, &random)
        }
        let looked = disk.afterKill()
        try witness.check(try openStore(looked, limits), looked, isWhole: isWhole(limits))
        if generation % 2 == 0 { disk = looked.afterKill() }
      }
    }
  }
}
