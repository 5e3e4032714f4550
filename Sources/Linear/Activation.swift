import CKernels

/// What may follow a product, by the names of Hugging Face's configs.
package enum Activation: String, Sendable, CaseIterable {
  case none
  /// ½x(1 + erf(x / √2))
  case gelu
  /// ½x(1 + tanh(√(2/π)(x + 0.044715x³)))
  case geluTanh = "gelu_pytorch_tanh"
  /// x · σ(1.702x)
  case quickGelu = "quick_gelu"
  /// x · σ(x)
  case silu
  case relu
  case relu6
  case tanh
  case sigmoid

  var code: Int32 {
    switch self {
    case .none: Int32(TK_NONE)
    case .gelu: Int32(TK_GELU)
    case .geluTanh: Int32(TK_GELU_TANH)
    case .quickGelu: Int32(TK_QUICK_GELU)
    case .silu: Int32(TK_SILU)
    case .relu: Int32(TK_RELU)
    case .relu6: Int32(TK_RELU6)
    case .tanh: Int32(TK_TANH)
    case .sigmoid: Int32(TK_SIGMOID)
    }
  }
}
