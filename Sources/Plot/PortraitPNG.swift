package import Media

/// The portrait as dots, 1280 wide and some 720 high: what `--plot FILE.png` encodes.
package enum PortraitPNG {
  package static func render(_ portrait: SourcePortrait) -> RGBImage {
    Canvas(Page(portrait).scene).image
  }
}
