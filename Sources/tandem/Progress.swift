import Emit
import Glibc
import Media

/// How far long work has come: a bar when a person watches, a line every ten seconds otherwise.
struct Progress {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let isQuiet: Bool
  private let began = monotonicTime()
  private var last: Duration
  private var isShown = false

  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
    last = began
  }

  /// - Parameters:
  ///   - position: how far the source has been read.
  ///   - total: as the container declares it; may be wrong.
  mutating func show(_ name: String, records: Int64, position: TimeSpan, total: TimeSpan?) {
    guard !isQuiet else { return }
    let now = monotonicTime()
    guard now - last >= (isTerminal ? .milliseconds(100) : .seconds(10)) else { return }
    last = now
    let elapsed = Double((now - began).components.seconds) + Double((now - began).components.attoseconds) / 1e18
    let speed = String(Int((position.seconds / max(elapsed, 0.001)).rounded()))
    let fraction = total.map { min(1, max(0, position.seconds / max($0.seconds, 0.001))) }
    let text = "\(name)  \(bar(fraction))\(clock(position))  \(records) records  \(speed)× real time"
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

  private func clock(_ position: TimeSpan) -> String {
    let seconds = position.flicks / TimeSpan.flicksPerSecond
    func two(_ n: Int64) -> String { n < 10 ? "0\(n)" : "\(n)" }
    return "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
  }
}
