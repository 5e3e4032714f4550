import Emit
import Glibc
import Media
import System

/// How far long work has come: a bar when a person watches, a line every ten seconds otherwise.
struct Progress {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let isQuiet: Bool
  private let began = monotonicTime()
  private var last: Duration
  private var isShown = false
  /// Bytes that were there when they were first shown, and so cost no time.
  private var firstBytes: Int?

  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
    last = began
  }

  /// - Parameters:
  ///   - position: how far the source has been read.
  ///   - total: as the container declares it; may be wrong.
  mutating func show(_ name: String, records: Int64, position: TimeSpan, total: TimeSpan?) {
    guard isDue() else { return }
    let speed = String(Int((position.seconds / elapsed).rounded()))
    let fraction = total.map { min(1, max(0, position.seconds / max($0.seconds, 0.001))) }
    put("\(name)  \(bar(fraction))\(clock(position))  \(records) records  \(speed)× real time")
  }

  /// - Parameter bytes: of `total`, that are there.
  mutating func show(_ name: String, bytes: Int, total: Int) {
    guard isDue() else { return }
    let start = firstBytes ?? bytes
    firstBytes = start
    let speed = megabytes(Double(bytes - start) / elapsed)
    let fraction = min(1, Double(bytes) / Double(max(1, total)))
    put("\(name)  \(bar(fraction))\(megabytes(Double(bytes))) of \(megabytes(Double(total))) MB  \(speed) MB/s")
  }

  /// Whether it is time to say something again.
  private mutating func isDue() -> Bool {
    let now = monotonicTime()
    guard !isQuiet, now - last >= (isTerminal ? .milliseconds(100) : .seconds(10)) else { return false }
    last = now
    return true
  }

  /// Seconds since the beginning, a little more than none.
  private var elapsed: Double { max((last - began) / .seconds(1), 0.001) }

  private mutating func put(_ text: String) {
    if isTerminal {
      isShown = true
      Messages.write("\r\u{1B}[K" + text)
    } else {
      Messages.line("tandem: " + text)
    }
  }

  /// Takes the bar away again.
  mutating func clear() {
    if isShown { Messages.write("\r\u{1B}[K") }
    isShown = false
  }

  private func bar(_ fraction: Double?) -> String {
    guard let fraction else { return "" }
    let width = 24
    let full = Int((fraction * Double(width)).rounded(.down))
    let percent = String(Int(fraction * 100))
    return "[" + String(repeating: "━", count: full) + String(repeating: " ", count: width - full) + "] \(percent) %  "
  }

  private func megabytes(_ bytes: Double) -> String {
    let tenths = Int(bytes / 100_000)
    return "\(tenths / 10).\(tenths % 10)"
  }

  private func clock(_ position: TimeSpan) -> String {
    let seconds = position.flicks / TimeSpan.flicksPerSecond
    func two(_ n: Int64) -> String { n < 10 ? "0\(n)" : "\(n)" }
    return "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
  }
}
