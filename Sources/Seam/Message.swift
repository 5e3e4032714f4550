import Media

/// What the right of the seam says to the left.
enum ToWorker {
  /// The number is that of the order, from 1.
  case order(Int64, SourceOrder)
  /// The pictures at these places of the shared memory have been taken.
  case release([Int])
  /// No more of this order is wanted.
  case cancel(Int64)
  /// The picture at the beginning of the shared memory shall become a file.
  case draw(PictureFormat, width: Int, height: Int)
}

/// What the left of the seam says to the right.
enum FromWorker {
  case hello(Hello)
  /// As many as follow, each in the form of `WireItem`.
  case items([WireItem])
  case frames([FrameTrace])
  /// All items of an order have been given.
  case over
  /// An order or a drawing came to nothing.
  case failed(SourceError)
  /// So many bytes of a file lie at the beginning of the shared memory.
  case drawn(Int)
  /// What a live source has counted so far.
  case accounts(Counters)
}

/// What a worker says first.
package struct Hello: Hashable, Sendable {
  /// Of the program that it belongs to: both ends must be of one.
  package var version: String
  package var ffmpeg: String

  package init(version: String, ffmpeg: String) {
    self.version = version
    self.ffmpeg = ffmpeg
  }
}

/// An item as it crosses: pictures are named by their place in the shared memory.
enum WireItem {
  case sound(AudioRun)
  case picture(PlacedPicture)
  case mark(Mark)
}

/// A picture whose pixels lie in shared memory.
struct PlacedPicture {
  var slot: Slot
  var epoch: Int32
  var instant: Instant
  var valid: Float
  var width: Int
  var height: Int
  /// Where it begins; nil where it is the one that this slot showed last.
  var place: Int?
}

extension ToWorker: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    switch try wire.integer(UInt8.self) {
    case 0: self = .order(try wire.read(), try wire.read())
    case 1: self = .release(try wire.list())
    case 2: self = .cancel(try wire.read())
    case 3: self = .draw(try wire.read(), width: try wire.read(), height: try wire.read())
    case let other: throw WireError("message number \(other)")
    }
  }

  func write(to wire: inout WireWriter) {
    switch self {
    case .order(let number, let order):
      wire.integer(UInt8(0))
      number.write(to: &wire)
      order.write(to: &wire)
    case .release(let places):
      wire.integer(UInt8(1))
      wire.list(places)
    case .cancel(let number):
      wire.integer(UInt8(2))
      number.write(to: &wire)
    case .draw(let format, let width, let height):
      wire.integer(UInt8(3))
      format.write(to: &wire)
      width.write(to: &wire)
      height.write(to: &wire)
    }
  }
}

extension FromWorker: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    switch try wire.integer(UInt8.self) {
    case 0: self = .hello(try wire.read())
    case 1: self = .items(try wire.list())
    case 2: self = .frames(try wire.list())
    case 3: self = .over
    case 4: self = .failed(try wire.read())
    case 5: self = .drawn(try wire.read())
    case 6: self = .accounts(try wire.read())
    case let other: throw WireError("message number \(other)")
    }
  }

  func write(to wire: inout WireWriter) {
    switch self {
    case .hello(let hello):
      wire.integer(UInt8(0))
      hello.write(to: &wire)
    case .items(let items):
      wire.integer(UInt8(1))
      wire.list(items)
    case .frames(let frames):
      wire.integer(UInt8(2))
      wire.list(frames)
    case .over: wire.integer(UInt8(3))
    case .failed(let error):
      wire.integer(UInt8(4))
      error.write(to: &wire)
    case .drawn(let count):
      wire.integer(UInt8(5))
      count.write(to: &wire)
    case .accounts(let counters):
      wire.integer(UInt8(6))
      counters.write(to: &wire)
    }
  }
}

extension PictureFormat: Wired {}

extension Hello: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    self.init(version: try wire.read(), ffmpeg: try wire.read())
  }

  func write(to wire: inout WireWriter) {
    version.write(to: &wire)
    ffmpeg.write(to: &wire)
  }
}

extension WireItem: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    switch try wire.integer(UInt8.self) {
    case 0: self = .sound(try wire.read())
    case 1: self = .picture(try wire.read())
    case 2: self = .mark(try wire.read())
    case let other: throw WireError("item number \(other)")
    }
  }

  func write(to wire: inout WireWriter) {
    switch self {
    case .sound(let run):
      wire.integer(UInt8(0))
      run.write(to: &wire)
    case .picture(let picture):
      wire.integer(UInt8(1))
      picture.write(to: &wire)
    case .mark(let mark):
      wire.integer(UInt8(2))
      mark.write(to: &wire)
    }
  }
}

extension AudioRun: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    self.init(
      slot: try wire.read(), epoch: try wire.integer(), firstSample: try wire.read(), rate: try wire.read(),
      samples: try wire.numbers())
    guard (0...1 << 60).contains(firstSample) else { throw WireError("sample number \(firstSample)") }
    guard (1...1 << 20).contains(rate) else { throw WireError("a rate of \(rate) Hz") }
  }

  func write(to wire: inout WireWriter) {
    slot.write(to: &wire)
    wire.integer(epoch)
    firstSample.write(to: &wire)
    rate.write(to: &wire)
    wire.numbers(samples)
  }
}

extension PlacedPicture: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    self.init(
      slot: try wire.read(), epoch: try wire.integer(), instant: try wire.read(), valid: try wire.read(),
      width: try wire.read(), height: try wire.read(), place: try wire.optional())
    guard (1...1 << 16).contains(width), (1...1 << 16).contains(height) else {
      throw WireError("a picture of \(width)×\(height)")
    }
    guard (0...1).contains(valid) else { throw WireError("a picture valid by \(valid)") }
  }

  func write(to wire: inout WireWriter) {
    slot.write(to: &wire)
    wire.integer(epoch)
    instant.write(to: &wire)
    valid.write(to: &wire)
    width.write(to: &wire)
    height.write(to: &wire)
    wire.optional(place)
  }
}
