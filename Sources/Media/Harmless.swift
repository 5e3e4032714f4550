/// On one line and harmless to a terminal or a page: control characters and those that turn the direction of
/// writing become spaces.
package func harmless(_ text: String) -> String {
  var scalars = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: scalars.append(" ")
    default: scalars.append(scalar)
    }
  }
  return String(scalars)
}
