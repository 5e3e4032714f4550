import Media

/// A model of a hub, fetched into a folder of the search path: whole and checked, or not to be seen at all.
package struct Pull {
  /// How far it has come.
  package struct Progress {
    package let bytes: Int
    package let total: Int
  }

  package struct Outcome: Equatable {
    /// What is there now, for people: the commit of a repository.
    package let version: String
    /// Whether it was there before.
    package let wasThere: Bool
    /// For people; nil where there is nothing to say.
    package var remark: String?
  }

  private let name: RepositoryName
  private let endpoint: Endpoint
  private let token: String?
  private let place: String
  private let goesOn: () -> Bool
  private let report: (Progress) -> Void

  /// - Parameters:
  ///   - token: sent to the endpoint alone.
  ///   - root: the folder of the search path.
  ///   - goesOn: asked ten times a second.
  package init(
    _ name: RepositoryName, from endpoint: Endpoint, token: String?, into root: String,
    goesOn: @escaping () -> Bool, report: @escaping (Progress) -> Void
  ) {
    self.name = name
    self.endpoint = endpoint
    self.token = token
    place = "\(root)/\(name)"
    self.goesOn = goesOn
    self.report = report
  }

  /// The first of these folders that can be written; made where it is missing.
  /// - Throws: `HubError.cannotCreate` where none can.
  package static func root(among folders: [String]) throws(HubError) -> String {
    guard let root = folders.first(where: Disk.isWritable) else {
      let names = folders.map(PathText.written)
      throw .cannotCreate("no folder for models can be written: \(names.joined(separator: ", "))")
    }
    return root
  }

  /// - Throws: `HubError`; what was fetched stays for the next run.
  package func run() throws(HubError) -> Outcome {
    let listing = try list()
    let mark = "\(name)@\(listing.commit)"
    if try Mark.isThere(mark, at: place) {
      try Staging.sweep(place, listing.note)
      return Outcome(version: listing.commit, wasThere: true)
    }
    let staging = try Staging(for: place)
    if try Mark.isThere(mark, at: place) {  // another process has finished meanwhile
      staging.discard()
      return Outcome(version: listing.commit, wasThere: true)
    }
    try staging.resume(listing.note, mark)
    try fetch(listing, into: staging)
    try staging.publish(mark)
    return Outcome(version: listing.commit, wasThere: false)
  }

  private func list() throws(HubError) -> Listing {
    let curl = Curl(endpoint: endpoint, token: token, goesOn: goesOn)
    var patience = Patience()
    while true {
      switch try curl.get(endpoint.listing(name), limit: 16 << 20) {
      case .done(let body): return try Listing(body, of: name)
      case .noRange, .tooLong: throw .unusable("\(name): the hub's list of files is too long")
      case .refused(let status, let seconds):
        let refusal = Refusal(status, "\(name)@\(name.revision)")
        guard refusal.isPassing else { throw refusal.error }
        try patience.wait(after: refusal.words, seconds: seconds, goesOn: goesOn)
      case .broken(let complaint): try patience.wait(after: "\(name): \(complaint)", goesOn: goesOn)
      }
    }
  }

  private func fetch(_ listing: Listing, into staging: Staging) throws(HubError) {
    let paths = listing.files.map { "\(staging.files)/\($0.name)" }
    let there = paths.reduce(0) { $0 + (Disk.size($1) ?? Disk.size($1 + ".part") ?? 0) }
    try staging.requireRoom(for: listing.size - min(there, listing.size))
    let curl = Curl(endpoint: endpoint, token: token, goesOn: goesOn)
    var done = 0
    for (file, path) in zip(listing.files, paths) {
      if file.name.contains("/") { try Disk.makeFolder(String(path[..<path.lastIndex(of: "/")!])) }
      let before = done
      let transfer = Transfer(
        curl: curl, url: endpoint.file(file.name, of: name, at: listing.commit), file: file, repository: name,
        path: path
      ) { report(Progress(bytes: before + $0, total: listing.size)) }
      try transfer.run()
      done += file.size
    }
  }
}

extension Listing {
  /// All that decides the files.
  fileprivate var note: String { "\(commit)\n" + files.map { "\($0)\n" }.joined() }
}
