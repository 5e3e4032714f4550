import Emit
import Media

/// Writes what a subscription gives in the form that the client wants.
struct RecordText {
  private let form: RecordForm
  private let subscription: any RecordSubscription
  private var lines: NDJSONWriter
  private var arrow: ArrowWriter
  /// For batches that come without their records; made when the first does.
  private var reader: ArrowRecords?

  init(_ subscription: any RecordSubscription, _ form: RecordForm, _ vectors: VectorForm) {
    self.form = form
    self.subscription = subscription
    lines = NDJSONWriter(subscription.layout, vectors: vectors)
    arrow = ArrowWriter(subscription.layout)
  }

  /// What the body begins with. Events: how soon to come back, in milliseconds, and from where.
  var opening: [UInt8] {
    switch form {
    case .arrow: subscription.opening
    case .lines: []
    case .events: Array("retry: 2000\nid: \(subscription.start)\n\n".utf8)
    }
  }

  var closing: [UInt8] { form == .arrow ? arrow.closing : [] }

  /// Throws where a batch is not one of the stream.
  mutating func bytes(_ chunk: RecordChunk) throws(EmitError) -> [UInt8] {
    switch chunk {
    case .batch(let batch): return form == .arrow ? batch.arrow : text(try records(batch), batch.position)
    case .lost(let losses): return bytes(losses)
    case .quiet(let position):
      guard form == .events else { return [] }
      return Array(":\n\(position.map { "id: \($0)\n" } ?? "")\n".utf8)
    }
  }

  /// A row of status `dropped` for each source: every form can say that, and every reader keep it.
  private mutating func bytes(_ losses: [RecordLoss]) -> [UInt8] {
    let rows = losses.map { Embedding(source: $0.source, status: .dropped, dropped: Int32(clamping: $0.count)) }
    switch form {
    case .arrow:
      var bytes: [UInt8] = []
      arrow.append(rows, to: &bytes)
      return bytes
    case .lines, .events: return text(rows, nil, event: "dropped")
    }
  }

  private mutating func records(_ batch: RecordBatch) throws(EmitError) -> [Embedding] {
    if let records = batch.records { return records }
    let known: ArrowRecords
    if let reader { known = reader } else { known = try ArrowRecords(opening: subscription.opening) }
    reader = known
    return try known.records(batch.arrow)
  }

  /// The last event of a batch alone has its position: whoever lost the connection in the middle gets it again whole.
  private mutating func text(_ records: [Embedding], _ position: String?, event: String? = nil) -> [UInt8] {
    var bytes: [UInt8] = []
    if form == .lines {
      lines.append(records, to: &bytes)
      return bytes
    }
    for (index, record) in records.enumerated() {
      if let event { bytes += Array("event: \(event)\n".utf8) }
      bytes += Array("data: ".utf8)
      lines.append([record], to: &bytes)
      if let position, index == records.count - 1 { bytes += Array("id: \(position)\n".utf8) }
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }
}
