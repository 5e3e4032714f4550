import Digest
import Media

/// One file of a repository on its way to a path: resumed where it was broken off, and checked before it has its name.
struct Transfer {
  let curl: Curl
  let url: String
  let file: RemoteFile
  /// For complaints.
  let repository: RepositoryName
  let path: String
  /// Told, again and again, how many bytes are there.
  let report: (Int) -> Void

  private var part: String { path + ".part" }

  /// - Throws: `HubError`; what has come then stays for the next run, unless it was wrong.
  func run() throws(HubError) {
    if complaint(path) == nil { return report(file.size) }
    Disk.remove(path)
    var mayBeginAnew = true
    while true {
      let isPieced = try fill()
      guard let complaint = complaint(part) else { break }
      Disk.remove(part)
      guard isPieced, mayBeginAnew else { throw .inputOutput("\(repository): \(file.name): \(complaint)") }
      mayBeginAnew = false  // the fault may be in what was there before
    }
    try Disk.settle(part)
    try Disk.rename(part, to: path)
    report(file.size)
  }

  /// Whether the part consists of the pieces of several answers.
  private func fill() throws(HubError) -> Bool {
    if file.size == 0 { try Disk.write("", to: part) }
    var patience = Patience()
    var isPieced = false
    while true {
      let have = Disk.size(part) ?? 0
      isPieced = isPieced || have > 0
      guard have != file.size else { return isPieced }
      switch try ask(from: have) {
      case .done: return isPieced
      case .noRange where have > 0: Disk.remove(part)
      case .noRange, .tooLong: throw .inputOutput("\(repository): \(file.name): is longer than the hub lists it")
      case .refused(let status, let seconds):
        let refusal = Refusal(status, "\(repository): \(file.name)")
        guard refusal.isPassing else { throw refusal.error }
        try patience.wait(after: refusal.words, seconds: seconds, goesOn: curl.goesOn)
      case .broken(let complaint):
        let hadProgress = Disk.size(part) ?? 0 > have
        try patience.wait(
          after: "\(repository): \(file.name): \(complaint)", hadProgress: hadProgress, goesOn: curl.goesOn)
      }
    }
  }

  private func ask(from offset: Int) throws(HubError) -> Curl.Answer {
    if offset > file.size {
      Disk.remove(part)
      return try ask(from: 0)
    }
    var isTooLong = false
    do {
      return try curl.get(url, to: part, from: offset, limit: file.size) {
        let have = Disk.size(part) ?? 0
        report(min(have, file.size))
        isTooLong = have > file.size
        return !isTooLong
      }
    } catch .interrupted where isTooLong {
      Disk.remove(part)
      return .tooLong
    }
  }

  /// What is wrong with a file; nil where it is as the hub lists it.
  private func complaint(_ path: String) -> String? {
    guard let size = Disk.size(path) else { return "is not there" }
    guard size == file.size else { return "has \(size) bytes instead of \(file.size)" }
    switch file.checksum {
    case .sha256(let expected):
      return SHA256.hex(file: PathText.cString(path)) == expected ? nil : "has another SHA-256 than the hub lists"
    case .blob(let expected):
      return GitBlob.hex(file: PathText.cString(path)) == expected ? nil : "has another SHA-1 than the hub lists"
    }
  }
}

/// HTTP's status from 400 on, in words.
struct Refusal {
  let words: String
  private let status: Int

  /// - Parameter what: was asked for.
  init(_ status: Int, _ what: String) {
    self.status = status
    words =
      switch status {
      case 404, 410: "\(what): the hub has nothing of this name"
      case 401, 403: "\(what): not there, or not open to you: put a token that may read it into $HF_TOKEN"
      default: "\(what): the hub answers \(status)"
      }
  }

  /// Whether the same request may succeed later.
  var isPassing: Bool { status == 408 || status == 429 || status >= 500 }

  var error: HubError { [401, 403, 404, 410].contains(status) ? .notFound(words) : .unavailable(words) }
}
