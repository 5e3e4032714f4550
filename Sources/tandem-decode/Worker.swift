import Decode
import Glibc
import Intake
import Media
import Seam
import System

/// The worker: reads and decodes one source after the other, as it is told over the seam. It is all that stands left
/// of it: nothing that a hostile file does here reaches further than this process.
@main
struct Worker {
  private let end: WorkerEnd

  static func main() {
    FFmpeg.silence()
    // A terminal's signals are for the one who started us, and who tells us what they mean.
    for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { signal(number, SIG_IGN) }
    do throws(Errno) {
      Worker(end: try WorkerEnd(Hello(version: Version.text, ffmpeg: FFmpeg.version))).work()
    } catch {
      let line = Array("tandem-decode: \(error): only tandem can start it\n".utf8)
      _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
      exit(64)
    }
  }

  private func work() -> Never {
    while true {
      switch end.next() {
      case .read(let order, let interruption): read(order, interruption)
      case .draw(let image, let format): draw(image, format)
      }
    }
  }

  private func read(_ order: SourceOrder, _ interruption: Interruption) {
    do throws(SourceError) {
      let source = try ItemSource(order, interruption: interruption)
      while let items = try source.next() {
        end.give(source.takeFrames())
        end.give(items)
        if source.info.isStreaming { end.give { source.accounts } }
      }
      end.end()
    } catch { end.fail(error) }
  }

  private func draw(_ image: RGBImage, _ format: PictureFormat) {
    do throws(FFmpegError) {
      end.give(file: try PictureFile.bytes(image, as: format))
    } catch { end.fail(.undecodable("\(error)")) }
  }
}
