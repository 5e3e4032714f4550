import Linear

/// A tower whose batches are shared among threads: each takes some of the inputs through the whole network, which needs
/// no hand-over between its layers.
struct SharedTower<Input>: Tower {
  let tower: any Tower<Input>
  let engine: Engine

  var dimensions: Int { tower.dimensions }

  func makeRunner() -> any TowerRunner<Input> { SharedRunner(tower, engine) }
}

private struct SharedRunner<Input>: TowerRunner {
  private struct Share {
    var runner: any TowerRunner<Input>
    var vectors = Matrix()
  }

  private let tower: any Tower<Input>
  private let engine: Engine
  private var shares: [Share]

  init(_ tower: any Tower<Input>, _ engine: Engine) {
    self.tower = tower
    self.engine = engine
    shares = [Share(runner: tower.makeRunner())]
  }

  /// Inputs that cannot be shared equally are encoded one by one, each on all threads.
  mutating func encode(_ inputs: [Input]) throws(LinearError) -> Matrix {
    let threads = engine.threads
    guard threads > 1, inputs.count >= 2 * threads else { return try shares[0].runner.encode(inputs) }
    let shared = inputs.count / threads * threads
    try engine.share(shared, among: &shares, make: { [tower] in Share(runner: tower.makeRunner()) }) {
      share, range throws(LinearError) in share.vectors = try share.runner.encode(Array(inputs[range]))
    }
    var all = Matrix(rows: inputs.count, columns: tower.dimensions)
    for (number, share) in shares.enumerated() { all.copy(share.vectors, at: number * (shared / threads)) }
    for index in shared..<inputs.count {
      all.copy(try shares[0].runner.encode([inputs[index]]), at: index)
    }
    return all
  }
}
