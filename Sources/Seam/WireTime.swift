import Media

extension TimeSpan: Wired {
  init(from wire: inout WireReader) throws(WireError) { self.init(flicks: try wire.read()) }
  func write(to wire: inout WireWriter) { flicks.write(to: &wire) }
}

extension Instant: Wired {
  init(from wire: inout WireReader) throws(WireError) { self.init(flicks: try wire.read()) }
  func write(to wire: inout WireWriter) { flicks.write(to: &wire) }
}

extension Interval: Wired {
  init(from wire: inout WireReader) throws(WireError) { self.init(try wire.read(), try wire.read()) }

  func write(to wire: inout WireWriter) {
    start.write(to: &wire)
    end.write(to: &wire)
  }
}

extension Ratio: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    let (numerator, denominator): (Int64, Int64) = (try wire.read(), try wire.read())
    let sound: ClosedRange<Int64> = 1...Int64(Int32.max)  // as FFmpeg keeps them
    guard sound.contains(numerator), sound.contains(denominator) else {
      throw WireError("a ratio \(numerator)/\(denominator)")
    }
    self.init(numerator, denominator)
  }

  func write(to wire: inout WireWriter) {
    numerator.write(to: &wire)
    denominator.write(to: &wire)
  }
}

extension Modality: Wired {}
extension TimeState: Wired {}
extension Epoch.Reason: Wired {}

extension Slot: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    let (modality, number): (Modality, Int) = (try wire.read(), try wire.read())
    guard (0..<256).contains(number) else { throw WireError("track number \(number)") }
    self.init(modality, number)
  }

  func write(to wire: inout WireWriter) {
    modality.write(to: &wire)
    number.write(to: &wire)
  }
}
