import Media
import Testing

@testable import Plot

@Suite struct `A waveform envelope` {
  @Test func `keeps extremes exactly however often it halves`() {
    var envelope = WaveformEnvelope(capacity: 16)
    for second in 0..<200 {
      var samples = [Float](repeating: 0.1, count: 1000)
      if second == 57 { samples[123] = 0.875 }
      if second == 140 { samples[999] = -0.9375 }
      envelope.add(run(samples, first: Int64(second) * 1000), epochStart: .zero)
    }
    #expect((8...16).contains(envelope.ranges.count))
    let high = envelope.ranges.first { $0.range.highest == 0.875 }
    let low = envelope.ranges.first { $0.range.lowest == -0.9375 }
    #expect(high.map { $0.start <= milliseconds(57_123) && milliseconds(57_124) <= $0.end } == true)
    #expect(low.map { $0.start <= milliseconds(140_999) && milliseconds(141_000) <= $0.end } == true)
    #expect(envelope.ranges.filter { $0.range.highest > 0.1 }.count == 1)
    #expect(envelope.peak == 0.9375)
  }

  @Test func `has no bins where there is no sound`() {
    var envelope = WaveformEnvelope(capacity: 64)
    envelope.add(run(Array(repeating: 0.5, count: 1000)), epochStart: .zero)
    envelope.add(run(Array(repeating: 0.5, count: 1000)), epochStart: seconds(9))
    #expect(envelope.ranges.allSatisfy { $0.start < seconds(1) || $0.end > seconds(9) })
    #expect(envelope.ranges.last.map { $0.end >= seconds(10) } == true)
  }

  @Test func `is the same in one run or in many`() {
    let samples = (0..<5000).map { Float(($0 * 7919) % 1000) / 1000 - 0.5 }
    var whole = WaveformEnvelope(capacity: 100)
    whole.add(run(samples, rate: 44_100), epochStart: seconds(3))
    var parts = WaveformEnvelope(capacity: 100)
    for start in stride(from: 0, to: samples.count, by: 617) {
      let part = Array(samples[start..<min(start + 617, samples.count)])
      parts.add(run(part, first: Int64(start), rate: 44_100), epochStart: seconds(3))
    }
    #expect(whole.ranges.map(\.start) == parts.ranges.map(\.start))
    #expect(whole.ranges.map(\.range) == parts.ranges.map(\.range))
  }

  @Test func `passes over what is no number and what cannot be placed`() {
    var envelope = WaveformEnvelope()
    envelope.add(run([.nan, .nan]), epochStart: .zero)
    envelope.add(run([1], rate: 0), epochStart: .zero)
    envelope.add(run([1, 1], first: -5), epochStart: .zero)
    #expect(envelope.ranges.isEmpty && envelope.peak == 0)
    envelope.add(run([1, 1], first: .max), epochStart: TimeSpan(flicks: .max))
    envelope.add(run([0.25, 0.5], first: -1), epochStart: .zero)
    #expect(envelope.peak == 0.5)
  }
}

@Suite struct `A thumbnail strip` {
  @Test(arguments: [1, 7, 8, 9, 1000, 12_345])
  func `stays within bounds and evenly spread`(count: Int) {
    var strip = ThumbnailStrip(capacity: 8)
    let image = picture(width: 4, height: 2)
    for index in 0..<count { strip.add(image, at: milliseconds(Int64(index) * 500)) }
    let positions = strip.thumbnails.map(\.position)
    #expect((min(count, 4)...8).contains(positions.count))
    #expect(positions.first == .zero)
    let steps = zip(positions.dropFirst(), positions).map { $0 - $1 }
    if let widest = steps.max(), let narrowest = steps.min() {
      #expect(widest <= narrowest + milliseconds(500))
      let end = milliseconds(Int64(count) * 500)
      #expect(end - positions[positions.count - 1] <= widest + milliseconds(500))
    }
  }

  @Test func `makes pictures small by the mean of each box and keeps their shape`() {
    let black: [UInt8] = [0, 0, 0]
    let light: [UInt8] = [200, 100, 50]
    let row = (0..<320).flatMap { $0 % 2 == 0 ? black : light }
    let small = RGBImage(width: 320, height: 240, pixels: Array(repeating: row, count: 240).flatMap(\.self))
      .reduced(toFit: 160, 90)
    #expect(small.width == 120 && small.height == 90)
    let even = RGBImage(width: 320, height: 2, pixels: row + row).reduced(toFit: 160, 90)
    #expect(even.width == 160 && even.height == 1)
    #expect(even.pixels == Array(repeating: [100, 50, 25], count: 160).flatMap(\.self))
  }

  @Test func `leaves small pictures alone and passes over empty ones`() {
    #expect(picture(width: 16, height: 9).reduced(toFit: 160, 90).width == 16)
    let sliver = picture(width: 5000, height: 1).reduced(toFit: 160, 90)
    #expect(sliver.width == 160 && sliver.height == 1)
    var strip = ThumbnailStrip()
    strip.add(RGBImage(width: 0, height: 5, pixels: []), at: .zero)
    #expect(strip.thumbnails.isEmpty)
  }
}

@Suite struct `A coverage lane` {
  @Test func `merges what touches, in any order, and tells the gaps`() {
    let lane = lane([
      (seconds(6), seconds(8)), (seconds(1), seconds(3)), (seconds(3), seconds(4)), (seconds(2), seconds(3)),
    ])
    #expect(lane.stretches == [.init(start: seconds(1), end: seconds(4)), .init(start: seconds(6), end: seconds(8))])
    #expect(
      lane.gaps(until: seconds(9)) == [
        .init(start: .zero, end: seconds(1)), .init(start: seconds(4), end: seconds(6)),
        .init(start: seconds(8), end: seconds(9)),
      ])
    #expect(lane.gaps(until: seconds(5)).last == .init(start: seconds(4), end: seconds(5)))
    #expect(CoverageLane().gaps(until: .zero).isEmpty)
  }

  @Test func `keeps the longest gap when there are too many`() {
    var lane = CoverageLane(capacity: 16)
    for second in 0..<1000 {
      lane.add(seconds(Int64(second)), milliseconds(Int64(second) * 1000 + (second == 500 ? 400 : 990)))
    }
    #expect(lane.stretches.count <= 32)
    #expect(lane.gaps(until: seconds(1000)).contains { $0.start == milliseconds(500_400) && $0.end == seconds(501) })
    #expect(lane.closedGaps + lane.stretches.count == 1000)
  }

  @Test func `still shows regular gaps all over when there are too many`() {
    var lane = CoverageLane(capacity: 16)
    for second in 0..<1000 { lane.add(seconds(Int64(second)), milliseconds(Int64(second) * 1000 + 500)) }
    #expect(lane.stretches.count <= 32)
    let starts = lane.gaps(until: seconds(1000)).map(\.start)
    for quarter in 0..<4 {
      let span = seconds(Int64(quarter) * 250)..<seconds(Int64(quarter + 1) * 250)
      #expect(starts.contains(where: span.contains))
    }
  }
}

@Suite struct `A window series` {
  @Test func `keeps the worst of the windows it merges`() {
    var series = WindowSeries(capacity: 8)
    for second in 0..<1000 {
      let isBad = second == 321
      series.add(
        record(
          start: seconds(Int64(second)), state: isBad ? .inferred : .exact, uncertainty: milliseconds(isBad ? 40 : 1),
          sync: isBad ? sync(80, 60, 99) : sync(20, 10, 30)), epochStart: .zero)
    }
    let points = series.points
    #expect((4...8).contains(points.count))
    #expect(points.reduce(0) { $0 + $1.windows } == 1000)
    let bad = points.filter { $0.state == .inferred }
    #expect(bad.count == 1)
    #expect(bad.first?.uncertaintyMicroseconds == 40_000)
    #expect(bad.first?.offset?.high == 99 && bad.first?.offset?.low == 10)
    let mean = points.reduce(0) { $0 + ($1.offset?.milliseconds ?? 0) * Double($1.windows) } / 1000
    #expect(abs(mean - 20.06) < 1e-9)
  }

  @Test func `takes no offset that is no number and no record without a place`() {
    var series = WindowSeries()
    series.add(record(sync: sync(.nan, 0, 1)), epochStart: .zero)
    series.add(Embedding(source: "", status: .noContent), epochStart: .zero)
    #expect(series.points.count == 1 && series.points[0].offset == nil)
  }
}
