import Media

extension TrackSelection {
  /// The stream of each slot that this source can fill.
  /// - Throws: `SourceError.undecodable` when a track asked for by name or number is not there.
  func slots(among tracks: [TrackInfo]) throws(SourceError) -> [Int: Slot] {
    var chosen: [Int: Slot] = [:]
    for (entry, slot) in zip(entries, slots) {
      let kind = tracks.filter { $0.modality == entry.modality }
      let track: TrackInfo?
      switch entry.choice {
      case .standard: track = kind.first(where: \.isDefault) ?? kind.first
      case .number(let n): track = kind.indices.contains(n) ? kind[n] : nil
      case .language(let code): track = kind.first { $0.language == code }
      }
      guard let track else {
        if entry.choice == .standard { continue }
        throw .undecodable("no track \(entry.description) (it has \(kind.count) of that kind)")
      }
      guard chosen[track.index] == nil else { throw .undecodable("\(entry.description) is a track already chosen") }
      chosen[track.index] = slot
    }
    return chosen
  }
}
