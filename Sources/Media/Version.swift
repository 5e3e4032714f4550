/// The release that this is; both ends of the seam are of one.
package enum Version {
  package static let text = "0.1.0"
}
