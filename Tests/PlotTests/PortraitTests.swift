import Media
import Testing

@testable import Plot

@Suite struct `A portrait as dots` {
  @Test func `draws a gap where it is and nowhere else`() throws {
    let gapped = lane([(.zero, seconds(100)), (seconds(200), seconds(400))])
    let image = PortraitPNG.render(
      SourcePortrait(name: "gap", duration: seconds(400), coverage: [(video, gapped)]))
    let left = Page.plotLeft
    let quarter = Page.plotWidth / 4
    let row = try #require(image.rows(left + 10, .video).first)
    let gap = [Ink.gap.light, Ink.gapGround.light]
    for x in left..<left + Page.plotWidth {
      let isGap = (quarter..<2 * quarter).contains(x - left)
      #expect(isGap ? gap.contains(image.pixel(x, row)) : image.pixel(x, row) == Ink.video.light)
    }
  }

  @Test func `shows even one lost frame in a thousand hours`() throws {
    let whole = seconds(3_600_000)
    let gapped = lane([(.zero, seconds(1_800_000)), (seconds(1_800_000) + milliseconds(40), whole)])
    let image = PortraitPNG.render(SourcePortrait(name: "long", duration: whole, coverage: [(video, gapped)]))
    let row = try #require(image.rows(Page.plotLeft + 10, .video).first)
    let strange = (Page.plotLeft..<Page.plotLeft + Page.plotWidth).filter { image.pixel($0, row) != Ink.video.light }
    #expect(strange.count == 2)
    #expect(strange.contains(Page.plotLeft + Page.plotWidth / 2))
    #expect(strange.allSatisfy { image.pixel($0, row) == Ink.gap.light })
  }

  @Test func `does not call silence of subtitles a gap`() {
    let portrait = SourcePortrait(
      name: "text", duration: seconds(10), coverage: [(subtitles, lane([(seconds(1), seconds(2))]))])
    let hasHatch = Page(portrait).scene.shapes.contains { if case .hatch = $0 { true } else { false } }
    #expect(!hasHatch)
  }

  @Test func `draws sound only where it sounds and the epoch's border at its start`() {
    var recorder = PortraitRecorder()
    recorder.accept(opened([sound]))
    recorder.accept(epoch(0, at: .zero))
    recorder.accept(.sound(run(Array(repeating: [0.5, -0.5], count: 500).flatMap(\.self))))
    recorder.accept(coverage(sound, .zero, seconds(1)))
    recorder.accept(epoch(1, at: seconds(3), .jump))
    recorder.accept(.sound(run(Array(repeating: 0.25, count: 1000), epoch: 1)))
    recorder.accept(coverage(sound, .zero, seconds(1), epoch: 1))
    let portrait = recorder.finish()
    #expect(portrait.duration == seconds(4))
    let image = PortraitPNG.render(portrait)
    let quarter = Page.plotWidth / 4
    // Loud first quarter: the bar spans the panel; quiet pause: only the coverage lane has other ink.
    #expect(image.rows(Page.plotLeft + quarter / 2, .audio).count > 80)
    #expect(image.rows(Page.plotLeft + 2 * quarter, .audio).isEmpty)
    #expect(!image.rows(Page.plotLeft + 3 * quarter, .epoch).isEmpty)
    #expect(image.rows(Page.plotLeft + 3 * quarter - 2, .epoch).isEmpty)
  }

  @Test func `puts a thumbnail's left edge at its instant`() {
    let red: [UInt8] = [250, 0, 0]
    let thumbnail = Thumbnail(position: seconds(5), image: picture(width: 160, height: 90, red))
    let portrait = SourcePortrait(name: "", duration: seconds(10), thumbnails: [thumbnail])
    let image = PortraitPNG.render(portrait)
    let middle = Page.plotLeft + Page.plotWidth / 2
    let isRed = { (x: Int) in (0..<image.height).contains { image.pixel(x, $0) == 0xFA0000 } }
    #expect(isRed(middle) && !isRed(middle - 1))
  }

  @Test func `draws thumbnails apart and inside the plot`() {
    let thumbnails = (0..<60).map {
      Thumbnail(position: seconds(Int64($0 * $0)), image: picture(width: 160, height: 90))
    }
    let portrait = SourcePortrait(name: "", duration: seconds(3600), thumbnails: thumbnails)
    let boxes = Page(portrait).scene.shapes.compactMap { if case .image(_, let box, _) = $0 { box } else { nil } }
    #expect(boxes.count >= 4)
    #expect(boxes.allSatisfy { $0.x >= Page.plotLeft && $0.right <= Page.plotLeft + Page.plotWidth })
    #expect(zip(boxes, boxes.dropFirst()).allSatisfy { $0.right < $1.x })
  }
}

@Suite struct `A portrait of anything` {
  static let odd: [SourcePortrait] = {
    var wild = WindowSeries()
    let far = TimeSpan(flicks: .max)
    wild.add(record(start: far, length: .zero, sync: sync(3e38, -3e38, 3e38)), epochStart: .zero)
    wild.add(record(start: TimeSpan(flicks: -5), uncertainty: far), epochStart: far)
    wild.add(record(start: seconds(1), state: nil, uncertainty: .zero), epochStart: seconds(-9))
    var loud = WaveformEnvelope()
    loud.add(run([.infinity, -.infinity, 3e38]), epochStart: .zero)
    let everywhere = lane([(TimeSpan(flicks: .min), TimeSpan(flicks: .max))])
    let counters = (0..<200).reduce(into: Counters()) { $0.add("counter number \($1)", .max - Int64($1)) }
    let spans: [Int64] = [0, 1, 14_700, 16_228_800, 705_600_000, 2_540_160_000_000_000, .max, -7]
    return spans.map(TimeSpan.init(flicks:)).flatMap { duration in
      [
        SourcePortrait(name: "", duration: duration),
        SourcePortrait(
          name: String(repeating: "long ", count: 100), duration: duration,
          epochs: (0..<9).map { .init(index: $0, start: TimeSpan(flicks: .max), reason: .jump) },
          thumbnails: [
            Thumbnail(position: duration, image: picture(width: 1, height: 5)),
            Thumbnail(position: .zero, image: picture(width: 9, height: 1)),
          ],
          waveforms: (0..<20).map { (Slot(.audio, $0), loud) } + [(sound, WaveformEnvelope())],
          coverage: [(video, everywhere), (sound, CoverageLane()), (sound, everywhere), (subtitles, everywhere)],
          windows: wild, counters: counters, warning: "\u{1B}[0m"),
      ]
    }
  }()

  @Test(arguments: odd.indices) func `is drawn without a trap`(index: Int) {
    let image = PortraitPNG.render(Self.odd[index])
    #expect(image.width == 1280 && (100...2000).contains(image.height))
    #expect(PortraitHTML.render(Self.odd[index]) { _ in [] }.hasSuffix("</html>\n"))
  }

  @Test func `says so when there is nothing`() {
    let texts = Page(PortraitRecorder().finish()).scene.shapes.compactMap {
      if case .text(let text, _, _, _) = $0 { text } else { nil }
    }
    #expect(texts.contains("no sound, picture or text"))
  }
}

@Suite struct `A portrait recorder` {
  @Test func `places what comes by its epoch's start`() {
    var recorder = PortraitRecorder()
    recorder.accept(opened([sound, video, subtitles]))
    recorder.accept(epoch(0, at: .zero))
    recorder.accept(coverage(video, .zero, seconds(10)))
    recorder.accept(epoch(1, at: seconds(12), .jump))
    recorder.accept(coverage(video, .zero, seconds(5), epoch: 1))
    let image = picture(width: 8, height: 8)
    for valid in [Float(1), 0] {
      let instant = Instant.zero + seconds(valid == 1 ? 2 : 3)
      recorder.accept(.picture(Picture(slot: video, epoch: 1, instant: instant, valid: valid, image: image)))
    }
    let cue = Cue(slot: subtitles, epoch: 1, interval: Interval(.zero, .end), text: "…")
    recorder.accept(.mark(.cue(cue)))
    recorder.accept(record(epoch: 1, start: seconds(1)))
    recorder.accept(record(epoch: 7))
    let portrait = recorder.finish()
    #expect(portrait.duration == seconds(17))
    #expect(portrait.epochs.map(\.reason) == [.start, .jump])
    #expect(portrait.coverage[1].lane.gaps(until: seconds(17)) == [.init(start: seconds(10), end: seconds(12))])
    #expect(portrait.thumbnails.map(\.position) == [seconds(14)])
    #expect(portrait.windows.points.map(\.start) == [seconds(13)])
    #expect(portrait.coverage[0].lane.stretches.isEmpty)
  }

  @Test func `keeps no more than its share of ten thousand epochs`() {
    var recorder = PortraitRecorder()
    recorder.accept(opened([sound]))
    for index in 0..<10_000 { recorder.accept(epoch(Int32(index), at: seconds(Int64(index)), .jump)) }
    let portrait = recorder.finish()
    #expect(portrait.epochs.count + portrait.epochsOmitted == 10_000)
    #expect(portrait.epochs.count == 512)
  }
}
