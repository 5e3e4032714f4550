import Emit
import HTTPTypes

/// Which records a client wants, and how.
struct RecordQuery: Hashable {
  var form: RecordForm
  var sources: [String] = []
  var position: String?
  var vectors: VectorForm

  /// A few hundred names fit in a request's first line; a position is short.
  private static let sourceLimit = 256

  init(_ target: Target, _ fields: HTTPFields) throws(QueryFault) {
    guard let form = RecordForm(accept: fields[.accept]) else { throw .notAcceptable }
    self.form = form
    vectors = form == .events ? .none : .array
    for (name, value) in target.query {
      switch name {
      case "source": sources.append(value)
      case "from": position = value
      case "vectors":
        guard form != .arrow, let vectors = VectorForm(rawValue: value) else {
          throw .invalid(form == .arrow ? "vectors is for lines and events" : "vectors is none, base64 or array")
        }
        self.vectors = vectors
      default: throw .invalid("no parameter \(name): there are source, from, vectors")
      }
    }
    guard sources.count <= Self.sourceLimit else { throw .invalid("more than \(Self.sourceLimit) sources") }
    // A browser that comes back asks the same URL as before, so what it has seen counts more than `from`.
    if form == .events, let last = fields[.lastEventID], !last.isEmpty { position = last }
    guard position?.isEmpty != true else { throw .invalid("from is a position") }
  }
}

enum QueryFault: Error, Hashable {
  case notAcceptable
  case invalid(String)
}

extension HTTPField.Name {
  static let lastEventID = known("Last-Event-ID")
  /// Where a stream of records begins.
  static let position = known("Tandem-Position")

  private static func known(_ text: String) -> Self {
    guard let name = Self(text) else { preconditionFailure("\(text) is a field's name") }
    return name
  }
}
