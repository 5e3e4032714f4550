import System

/// Why the store did not do what it was asked.
package enum StoreError: Error, Hashable, Sendable {
  /// Another process has the store.
  case owned(String)
  /// The store cannot be opened or made.
  case cannotOpen(String)
  /// No room. Nothing changed; the same call may succeed later.
  case noRoom(String)
  /// The call failed. Nothing changed; the same call may succeed later.
  case inputOutput(String)
  /// All that was appended after `durable` is forgotten, since nobody knows what the disk has kept of it: it must be
  /// appended anew.
  case lost(String)
  /// So many ids do not come after the last one of their source. Nothing was stored.
  case repeated(Int)
  /// The call asks for more than the limits allow.
  case limit(String)
  /// A reader's place has been deleted by retention. It goes on at `oldest`.
  case expired(oldest: Position)
  /// A reader's place is none that this store has ever given. It goes on at `oldest`.
  case unknown(Position, oldest: Position)
  /// What is kept there is not what was stored, or was put aside since it was not. The reader goes on behind it.
  /// `records`: how many are missing; 0 where nobody knows.
  case damaged(Position, records: Int)

  /// As the convention of the commands has it.
  package var exitCode: Int32 {
    switch self {
    case .cannotOpen: 73
    case .repeated, .limit: 64
    case .owned, .noRoom, .inputOutput, .lost, .expired, .unknown, .damaged: 74
    }
  }

  /// By what the system said of a call that changed nothing.
  init(_ deed: String, _ error: Errno) {
    let line = "\(deed): \(error)"
    self = error.isForRoom ? .noRoom(line) : .inputOutput(line)
  }
}

extension StoreError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .owned(let line), .cannotOpen(let line), .noRoom(let line), .inputOutput(let line), .lost(let line),
      .limit(let line):
      line
    case .repeated(let count): "append: \(count) of the records are stored already"
    case .expired(let oldest): "read: the records asked for are no longer kept; the oldest are at \(oldest)"
    case .unknown(let position, let oldest):
      "read: \(position) is no position of this store; the oldest records are at \(oldest)"
    case .damaged(let position, _): "read: the records at \(position) are damaged"
    }
  }
}
