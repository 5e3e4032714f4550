package import Media

/// How records are written down.
package enum RecordFormat: String, Sendable, CaseIterable {
  /// An Arrow IPC stream: the default into pipes and files.
  case arrow
  /// One JSON object a line.
  case ndjson
  /// The fused vectors alone, as one NumPy array.
  case npy
}

/// How NDJSON shows vectors and steps.
package enum VectorForm: String, Sendable, CaseIterable {
  /// JSON numbers.
  case array
  /// Little-endian float32 in a base64 string.
  case base64
  /// Left out, keys and all.
  case none
}

/// Turns records into bytes and knows nothing of files. A stream is `opening`, then what `append` made of each
/// batch, then `closing`; `opening` followed by any later batches is a valid stream too.
package protocol RecordWriter: Sendable {
  /// What every stream, and every late reader, begins with.
  var opening: [UInt8] { get }
  /// What a complete stream ends with.
  var closing: [UInt8] { get }
  /// What the beginning has to become after the batches so far, as long as `opening`; nil where it stays.
  var revisedOpening: [UInt8]? { get }
  /// `non_finite_values`: vectors and numbers left null because of NaN or infinity.
  /// `rows_without_vector`: npy rows that hold NaN because the record had no fused vector.
  var counters: Counters { get }

  /// Appends one batch to `bytes`; nothing for no records.
  mutating func append(_ records: [Embedding], to bytes: inout [UInt8])
}

extension RecordWriter {
  package var closing: [UInt8] { [] }
  package var revisedOpening: [UInt8]? { nil }
}

extension RecordFormat {
  /// The writer of this format for records of `layout`; `vectors` concerns NDJSON only.
  package func writer(_ layout: RecordLayout, vectors: VectorForm = .array) -> any RecordWriter {
    switch self {
    case .arrow: ArrowWriter(layout)
    case .ndjson: NDJSONWriter(layout, vectors: vectors)
    case .npy: NPYWriter(layout)
    }
  }

  /// A batch of its own for a stream of such records.
  package func bytes(_ records: [Embedding], _ layout: RecordLayout, vectors: VectorForm = .array) -> [UInt8] {
    var writer = writer(layout, vectors: vectors)
    var bytes: [UInt8] = []
    writer.append(records, to: &bytes)
    return bytes
  }
}
