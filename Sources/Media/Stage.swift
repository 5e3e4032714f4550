/// One step of the way: push one in, get zero or more out, finish. Passive: it owns no queue, no lock, no clock.
package protocol Stage<Input, Output>: ~Copyable, SendableMetatype {
  associatedtype Input: Sendable
  associatedtype Output: Sendable
  mutating func accept(_ input: Input) throws -> [Output]
  /// Several at once, for stages that do them better together; by default one after the other.
  mutating func accept(_ inputs: [Input]) throws -> [Output]
  mutating func finish() throws -> [Output]
}

extension Stage where Self: ~Copyable {
  package mutating func accept(_ inputs: [Input]) throws -> [Output] {
    var outputs: [Output] = []
    for input in inputs { outputs += try accept(input) }
    return outputs
  }
}
