/// One step of the way: push one in, get zero or more out, finish. Passive: it owns no queue, no lock, no clock.
package protocol Stage<Input, Output>: ~Copyable, SendableMetatype {
  associatedtype Input: Sendable
  associatedtype Output: Sendable
  mutating func accept(_ input: Input) throws -> [Output]
  mutating func finish() throws -> [Output]
}
