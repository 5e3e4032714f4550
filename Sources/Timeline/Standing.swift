import Media

/// The other tracks: how far they are, in source time, and how far apart their contents are.
struct Others {
  var position: TimeSpan
  var interval: TimeSpan
}

/// How a track stands beside the others: whether it has left them, and what puts it beside them again.
struct Standing {
  private(set) var departure: Departure?
  private(set) var repair: Repair?
  /// Where it and the others stood when it was last placed.
  private var together: (own: TimeSpan, others: TimeSpan)?
  /// How much was rejected since then.
  private var rejected = TimeSpan.zero
  private(set) var repairs: Int64 = 0

  /// Added to its stamps.
  var shift: TimeSpan { repair?.shift ?? .zero }

  /// It is believed as it stands.
  mutating func forgetRepair() { repair = nil }

  /// The epoch is over.
  mutating func forgetOthers() { (departure, together) = (nil, nil) }

  /// Its stamps agree on another place.
  mutating func leave(to place: TimeSpan, _ others: Others) {
    let place = place + shift
    if departure?.isKept(by: place, others: others.position) != true {
      departure = Departure(to: place, others: others.position)
    }
  }

  /// It was placed.
  /// - Parameter stamp: how far it is by its own stamps.
  mutating func arrive(at stamp: TimeSpan, _ others: Others) {
    let position = stamp + shift
    guard position != together?.own else { return }
    if let together, let departure {
      // Stamps that were set back come to where the line once ended, and are none of its.
      if departure.isContinued(by: position, ratherThan: together.own + rejected) {
        mend(from: departure.beginning, to: position, others, isFlowing: false)
      }
    } else if let together, let repair {
      // A clock that is set again may look like a hole.
      let step = position - together.own
      if Repair.isNeeded(slip: others.position - together.others - step, interval: others.interval) {
        if repair.isUndone(by: step) {
          forgetRepair()
        } else {
          mend(from: together.own, to: position, others, isFlowing: true)
        }
      }
    }
    (rejected, departure, together) = (.zero, nil, (stamp + shift, others.position))
  }

  /// Whether it has been away for so long that it will not return.
  func isLasting(_ others: Others) -> Bool {
    together != nil && departure?.isLasting(others: others.position) ?? false
  }

  /// From here on it stands beside the others again.
  mutating func settle(at place: TimeSpan, _ others: Others) {
    guard let departure else { return }
    mend(from: departure.beginning, to: place + shift, others, isFlowing: true)
    self.departure = nil
  }

  mutating func reject(at place: TimeSpan?, length: TimeSpan, _ others: Others) {
    let own = place.map { $0 + shift }
    if let own { departure?.reject(at: own, length: length, others: others.position) }
    rejected += length
  }

  /// - Parameters:
  ///   - beginning: where its new line began.
  ///   - own: how far it has come on that.
  ///   - isFlowing: no packets were held in the meantime.
  private mutating func mend(from beginning: TimeSpan, to own: TimeSpan, _ others: Others, isFlowing: Bool) {
    guard let together else { return }
    repair = Repair(
      step: beginning - together.own, slip: (others.position - together.others) - (own - beginning),
      isFlowing: isFlowing, interval: others.interval
    ).after(repair)
    repairs += 1
  }
}
