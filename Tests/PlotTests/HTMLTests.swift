import Media
import Testing

@testable import Plot

@Suite struct `A portrait as HTML` {
  private static let nasty = "a<script>alert('&\"')</script>\u{0}\u{202E}.mkv"

  private static let portrait = SourcePortrait(
    name: nasty, container: "<b>", duration: seconds(10), epochs: [.init(index: 0, start: .zero, reason: .start)],
    thumbnails: [Thumbnail(position: seconds(1), image: picture(width: 16, height: 9))],
    coverage: [(video, lane([(.zero, seconds(4)), (seconds(6), seconds(10))]))],
    counters: [("lost & <found>", 3)].reduce(into: Counters()) { $0.add($1.0, $1.1) }, warning: "<i>")

  @Test func `escapes every name`() {
    let html = PortraitHTML.render(Self.portrait) { _ in [1, 2, 3] }
    #expect(html.contains("<title>a&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;  .mkv</title>"))
    #expect(html.contains("lost &amp; &lt;found&gt;"))
    for markup in ["<script", "<b>", "<i>", "<found>", "\u{0}", "\u{202E}"] { #expect(!html.contains(markup)) }
  }

  @Test func `holds its pictures and loads nothing`() {
    let html = PortraitHTML.render(Self.portrait) { image in
      #expect(image.width == 16)
      return [0xFB, 0xFF, 0xBE, 0x01]
    }
    #expect(html.contains("href=\"data:image/png;base64,+/++AQ==\""))
    let withoutNamespace = html.replacing("http://www.w3.org/2000/svg", with: "")
    #expect(!withoutNamespace.contains("http:") && !html.contains("https:") && !html.contains("src="))
    #expect(html.contains("prefers-color-scheme:dark"))
  }

  @Test func `tells the gap on hover and in a table`() {
    let html = PortraitHTML.render(Self.portrait) { _ in [] }
    #expect(html.contains("<title>1 gap, 0:00:04.000 – 0:00:06.000, 2 s</title>"))
    #expect(html.contains("<td>video</td><td>0:00:04.000</td><td>0:00:06.000</td><td>2 s</td>"))
  }

  @Test func `closes what it opens`() {
    let html = PortraitHTML.render(Self.portrait) { _ in [] }
    for element in ["svg", "text", "table", "tr", "td", "section", "style", "title", "pattern"] {
      let opened = html.split(separator: "<\(element)").count - 1
      let closed = html.split(separator: "</\(element)>").count - 1
      #expect(opened == closed && opened > 0, "\(element)")
    }
  }

  @Test func `passes on what the encoder throws`() {
    struct NoEncoder: Error {}
    #expect(throws: NoEncoder.self) {
      try PortraitHTML.render(Self.portrait) { _ throws(NoEncoder) in throw NoEncoder() }
    }
  }

  @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
  func `writes base64 as RFC 4648 section 10 does`(plain: String, encoded: String) {
    #expect(base64(Array(plain.utf8)) == encoded)
  }
}

@Suite struct `Wording` {
  @Test func `writes times of any length`() {
    #expect(TimeSpan.zero.clock() == "0:00:00")
    #expect(milliseconds(3_723_999).clock() == "1:02:03")
    #expect(milliseconds(3_723_999).clock(decimals: 3) == "1:02:03.999")
    #expect(seconds(3_600_000).clock() == "1000:00:00")
    #expect(TimeSpan(ticks: 1, Ratio(1, 48_000)).clock(decimals: 6) == "0:00:00.000020")
    #expect(TimeSpan(flicks: .min).clock() == "0:00:00")
  }

  @Test func `writes numbers rounded and nothing for no number`() {
    #expect(fixed(2.25, 1) == "2.3" && fixed(-0.04, 1) == "0.0" && fixed(-12.5) == "−13")
    #expect(fixed(.nan) == "–" && fixed(.infinity, 1) == "–")
    #expect(duration(microseconds: 22.68) == "22.7 µs" && duration(microseconds: 1500) == "1.5 ms")
    #expect(duration(microseconds: 2_000_000) == "2 s" && duration(microseconds: 0) == "0 µs")
  }

  @Test func `shortens names in the middle`() {
    #expect(shortened("abcdefghij", to: 5) == "abc…j" || shortened("abcdefghij", to: 5) == "ab…ij")
    #expect(shortened("abc", to: 3) == "abc" && shortened("abc", to: 1) == "…" && shortened("abc", to: 0) == "")
  }

  @Test(arguments: [1, 14_700, 16_228_800, 705_600_000 * 7, 705_600_000 * 3_600_000, .max] as [Int64])
  func `labels a time axis with few, different times that fit`(flicks: Int64) {
    let axis = TimeAxis(duration: TimeSpan(flicks: flicks), left: 0, width: 1024)
    let labels = axis.ticks.map(axis.label)
    #expect((1...10).contains(labels.count))
    #expect(Set(labels).count == labels.count)
    #expect(labels.allSatisfy { TextStyle().width(of: $0) * labels.count < 1024 })
  }

  @Test func `draws every character of the font, each in its own way`() {
    let glyphs = FontSheet.order.map(Font.glyph)
    #expect(FontSheet.drawing.split(separator: "\n").count % FontSheet.rows == 0)
    let blank = glyphs.filter { $0 == Font.Glyph() }
    #expect(blank.count == 1)
    #expect(Set(glyphs).count >= glyphs.count - 2)  // three dashes of different meaning look alike
    #expect(Font.glyph("漢") == Font.glyph("\u{7F}"))
  }
}
