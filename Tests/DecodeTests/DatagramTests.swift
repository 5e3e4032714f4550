import Media
import Testing

@testable import Decode

/// Numbers that repeat themselves.
private struct Dice: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 29
  }
}

@Suite struct DatagramOrderTests {
  private let sample = TransportSample(units: 40)
  private var sent: [[[UInt8]]] { [sample.datagrams, sample.rtp(from: 65_500)] }

  /// What goes on of these datagrams, each a millisecond after the one before.
  private func ordered(_ datagrams: [[UInt8]]) -> (order: DatagramOrder, passed: [[UInt8]]) {
    var (order, passed) = (DatagramOrder(), [[UInt8]]())
    for (n, bytes) in datagrams.enumerated() {
      let datagram = Datagram(bytes)
      #expect(datagram.isTransport)
      passed += order.accept(datagram, at: TimeSpan(milliseconds: Int64(n))).map(\.bytes)
    }
    return (order, passed)
  }

  @Test func whatComesInOrderIsNotHeldBack() {
    for datagrams in sent {
      var order = DatagramOrder()
      for bytes in datagrams {
        #expect(order.accept(Datagram(bytes), at: .zero).map(\.bytes) == [bytes])
        #expect(order.waitsSince == nil)
      }
      #expect(order.counters == Counters())
    }
  }

  @Test func whatIsThereTwiceGoesOnOnce() {
    for datagrams in sent {
      var doubled = datagrams
      for (at, n) in [(60, 58), (30, 30), (12, 11)] { doubled.insert(datagrams[n], at: at) }
      let (order, passed) = ordered(doubled)
      #expect(passed == datagrams)
      #expect(order.counters.values == ["datagrams_repeated": 3])
    }
  }

  /// As many as may wait, the last one first.
  @Test func whatComesBackwardsIsPutRight() {
    let datagrams = Array(TransportSample(units: 400).rtp(from: 65_500).prefix(512))
    #expect(datagrams.count == 512)
    let (order, passed) = ordered([datagrams[0]] + datagrams.dropFirst().reversed())
    #expect(passed == datagrams)
    #expect(order.counters.values == ["datagrams_reordered": 1])
  }

  /// Four bits may leave it open where one belongs, seldom; RTP's numbers never do.
  @Test func whatIsOutOfOrderIsPutRight() {
    for (datagrams, least) in zip(sent, [57, 60]) {
      let mended = (1...60 as ClosedRange<UInt64>).count { seed in
        var dice = Dice(state: seed)
        // A stream that is joined shows what is missing only when each of its tracks has shown itself.
        let places = datagrams.indices.map { n in
          n < 3 || Int.random(in: 0..<20, using: &dice) > 0 ? n : n + Int.random(in: 1...3, using: &dice)
        }
        let order = datagrams.indices.sorted { (places[$0], -$0) < (places[$1], -$1) }
        let (made, passed) = ordered(order.map { datagrams[$0] })
        let isCounted = (made.counters["datagrams_reordered"] > 0) == (order != Array(datagrams.indices))
        return passed == datagrams && made.waitsSince == nil && isCounted
      }
      #expect(mended >= least)
    }
  }

  @Test func whatIsMissingIsWaitedForAndThenGivenUp() {
    for (datagrams, missed) in zip(sent, [0, 1]) {
      var (order, passed) = ordered(Array(datagrams[..<20] + datagrams[21..<25]))
      #expect(passed == Array(datagrams[..<20]))
      #expect(order.waitsSince == TimeSpan(milliseconds: 20))
      #expect(order.giveUp().map(\.bytes) == Array(datagrams[21..<25]))
      #expect(order.waitsSince == nil)
      #expect(order.counters["rtp_packets_missed"] == Int64(missed))
    }
  }

  @Test func whatComesWhenTheOthersHaveGoneOnIsLeftOut() {
    for datagrams in sent {
      var (order, _) = ordered(Array(datagrams[..<20] + datagrams[21..<25]))
      _ = order.flush()
      #expect(order.accept(Datagram(datagrams[20]), at: .zero).isEmpty)
      for bytes in datagrams[25..<45] { #expect(order.accept(Datagram(bytes), at: .zero).map(\.bytes) == [bytes]) }
      #expect(order.giveUp().isEmpty)
      #expect(order.waitsSince == nil)
      #expect(order.counters["datagrams_late"] == 1)
    }
  }

  @Test func whatIsOutOfOrderBehindAGapCostsNothingElse() {
    for (datagrams, isNumbered) in zip(sent, [false, true]) {
      var (order, passed) = ordered(Array(datagrams[..<20] + [datagrams[22], datagrams[21]] + datagrams[23...]))
      passed += order.flush().map(\.bytes)
      #expect(passed.filter { $0 != datagrams[21] } == Array(datagrams[..<20] + datagrams[22...]))
      #expect(!isNumbered || passed[20] == datagrams[21])
    }
  }

  @Test(arguments: 1...30) func aLossCostsNothingElse(_ seed: UInt64) {
    for datagrams in [TransportSample(units: 200).datagrams, TransportSample(units: 200).rtp(from: 65_500)] {
      var (dice, order, passed) = (Dice(state: seed), DatagramOrder(), [[UInt8]]())
      let came = datagrams.enumerated().filter { n, _ in n < 3 || Int.random(in: 0..<20, using: &dice) > 0 }
      for (n, bytes) in came {
        let time = TimeSpan(milliseconds: Int64(n))
        passed += order.accept(Datagram(bytes), at: time).map(\.bytes)
        while let since = order.waitsSince, time - since >= TimeSpan(milliseconds: 5) {
          passed += order.giveUp().map(\.bytes)
        }
      }
      passed += order.flush().map(\.bytes)
      #expect(passed.count == came.count)
      // Behind a gap, four bits may say that another one comes first.
      let misplaced = zip(passed, came).count { $0 != $1.element }
      #expect(misplaced <= (order.counters["rtp_packets_missed"] > 0 ? 0 : came.count / 10))
      #expect(order.counters["datagrams_late"] + order.counters["datagrams_reordered"] == 0)
    }
  }

  @Test func whatIsHeldBackIsBounded() {
    let many = TransportSample(units: 600)
    for datagrams in [many.datagrams, many.rtp(from: 0)] {
      var order = DatagramOrder()
      _ = order.accept(Datagram(datagrams[0]), at: .zero)
      var held = 0
      for bytes in datagrams[2...] {
        held += 1 - order.accept(Datagram(bytes), at: .zero).count
        #expect(held < 512)
      }
      #expect(held == 0)
    }
  }

  @Test func anotherSenderIsAnotherLine() {
    let datagrams = sample.rtp(from: 7)
    let (order, passed) = ordered(datagrams + sample.rtp(from: 30_000, sender: 2) + sample.rtp(from: 100, sender: 2))
    #expect(passed.count == 3 * datagrams.count)
    #expect(order.counters == Counters())
  }

  @Test func whatIsNoTransportStreamGoesThroughAsItComes() {
    var order = DatagramOrder()
    let strange: [[UInt8]] = [[], [0x47], [UInt8](repeating: 0x47, count: 187), [0x80, 33, 0, 1], [0x80, 0xFF]]
    for bytes in strange + strange { #expect(order.accept(Datagram(bytes), at: .zero).map(\.bytes) == [bytes]) }
  }

  @Test func aSenderThatLeavesSaysSo() {
    #expect(Datagram([0x80, 200, 0, 1, 0, 0, 0, 1, 0x81, 203, 0, 1, 0, 0, 0, 1]).isGoodbye)
    #expect(!Datagram([0x80, 200, 0, 1, 0, 0, 0, 1]).isGoodbye)
    #expect(!Datagram([0x80, 200, 0xFF, 0xFF, 0, 0]).isGoodbye)
    #expect(!Datagram([0x80, 200, 0, 1]).isRTP)
    #expect(!Datagram([0x8F] + [UInt8](repeating: 0, count: 11)).isRTP)  // its contributors would be behind its end
  }
}

@Suite struct PacketLossesTests {
  @Test func whatTheLogSaysIsCounted() {
    #expect(PacketLosses.loss("RTP: missed 3 packets\n")?.name == "rtp_packets_missed")
    #expect(PacketLosses.loss("RTP: missed 3 packets\n")?.count == 3)
    #expect(PacketLosses.loss("RTP: dropping old packet received too late\n")?.name == "datagrams_late")
  }

  @Test func nothingElseIs() {
    for line in ["RTP: missed 65534 packets\n", "RTP: missed -1 packets", "RTP: missed", "RTP: PT=60: bad cseq", ""] {
      #expect(PacketLosses.loss(line) == nil)
    }
  }
}
