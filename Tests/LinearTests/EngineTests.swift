import Testing

@testable import Linear

@Suite struct EngineTests {
  private let sandboxed = "no executable memory"

  private func choose(
    _ products: Engine.Products, _ precision: Engine.Precision = .f32, suits: Bool = true, fault: String? = nil
  ) throws(LinearError) -> (products: Engine.Products, refusal: String?) {
    try Engine.choose(products, precision, suits: { suits }, fault: { fault })
  }

  @Test func autoIsOneDNNWhereItSuitsAndWorks() throws {
    #expect(try choose(.auto) == (.onednn, nil))
  }

  @Test func autoTurnsToOpenBLASAndTellsWhyWhereOneDNNCannotMultiply() throws {
    #expect(try choose(.auto, fault: sandboxed) == (.openblas, sandboxed))
  }

  @Test func autoHasNothingToTellWhereOneDNNWouldNotBeChosen() throws {
    #expect(try choose(.auto, suits: false, fault: sandboxed) == (.openblas, nil))
  }

  @Test func nothingIsTriedThatWouldNotBeChosen() throws {
    var tries = 0
    for (products, suits) in [(Engine.Products.auto, false), (.openblas, true)] {
      _ = try Engine.choose(products, .f32, suits: { suits }) {
        tries += 1
        return nil
      }
    }
    #expect(tries == 0)
  }

  @Test(arguments: [(Engine.Products.onednn, Engine.Precision.f32), (.onednn, .bf16), (.auto, .bf16)])
  func whoNeedsOneDNNHearsWhyItCannotMultiply(_ products: Engine.Products, _ precision: Engine.Precision) throws {
    #expect(try choose(products, precision, suits: false) == (.onednn, nil))
    let text = failure { () throws(LinearError) in _ = try choose(products, precision, fault: sandboxed) }
    #expect(text == sandboxed)
  }

  @Test func openBLASIsNeverRefused() throws {
    #expect(try choose(.openblas, fault: sandboxed) == (.openblas, nil))
    #expect(try Engine(.openblas).refusal == nil)
  }

  #if OneDNN
    @Test(.enabled(if: Engine.Products.here.contains(.onednn))) func theTrialOfAWorkingLibraryFindsNoFault() {
      #expect(OneDNNTrial.fault(.f32) == nil)
    }
  #endif
}
