import Media

/// The name, what the source is, and what is to be said of it as a whole.
extension Page {
  mutating func addHeader() {
    let title = TextStyle(size: .title, ink: .ink)
    let room = (Self.width - 2 * Self.margin) / title.advance
    let name = portrait.name.isEmpty ? "unnamed source" : harmless(portrait.name)
    add(.text(shortened(name, to: room), x: Self.margin, top: y, title))
    y += title.capHeight + 14
    addLine(portrait.summary, .muted)
    if let warning = portrait.warning { addLine(harmless(warning), .gap) }
    y += 8
  }

  private mutating func addLine(_ text: String, _ ink: Ink) {
    let style = TextStyle(ink: ink)
    let room = (Self.width - 2 * Self.margin) / style.advance
    add(.text(shortened(text, to: room), x: Self.margin, top: y, style))
    y += style.capHeight + 8
  }
}

extension SourcePortrait {
  /// `0:01:02.500 · matroska · h264 1920×1080 · aac 48000 Hz 2 ch · 2 epochs`.
  var summary: String {
    var parts = [duration.clock(decimals: 3)]
    if !container.isEmpty { parts.append(harmless(container)) }
    parts += tracks.prefix(4).map(\.summary)
    if tracks.count > 4 { parts.append("\(tracks.count - 4) more tracks") }
    let epochCount = epochs.count + epochsOmitted
    if epochCount != 1 { parts.append(counted(epochCount, "epoch")) }
    return parts.joined(separator: " · ")
  }
}

extension TrackInfo {
  var summary: String {
    var text = harmless(codec)
    if let width, let height { text += " \(width)×\(height)" }
    if let sampleRate { text += " \(sampleRate) Hz" }
    if let channels { text += " \(channels) ch" }
    if let language { text += " \(harmless(language))" }
    return text
  }
}
