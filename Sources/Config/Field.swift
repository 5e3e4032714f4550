/// A value of a YAML file and the line where it begins.
struct Field: Sendable {
  enum Content: Sendable {
    /// Nothing was written: an empty place, `~` or `null`.
    case nothing
    case text(String)
    case list([Field])
    case map([Entry])
  }

  struct Entry: Sendable {
    let key: String
    let line: Int
    let value: Field
  }

  let line: Int
  let content: Content
}
