/// What a lane that never waits does where it is full: a value of its own for each lane.
package protocol Shedding<Element>: Sendable {
  associatedtype Element: Sendable

  /// What is to be kept of one that comes; nil: nothing.
  mutating func admit(_ element: Element) -> Element?

  /// The receiver has taken these, oldest first.
  mutating func took(_ elements: [Element])

  /// What stays of all that waits, oldest first. What must not be lost stays; what was lost is said.
  /// - Parameters:
  ///   - soft: the weight to come down to, where that costs nothing that should be spared.
  ///   - hard: the weight to come down to, whatever it costs.
  mutating func shed(_ waiting: [Element], soft: Int, hard: Int) -> [Element]
}
