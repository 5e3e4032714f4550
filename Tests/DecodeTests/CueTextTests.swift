import Testing

@testable import Decode

@Suite struct CueTextTests {
  private func plain(_ text: String) -> String { plainText(ofASS: "0,0,Default,,0,0,0,,\(text)") }

  @Test func theTextIsTheNinthFieldWithItsCommas() {
    #expect(plain("Well, yes, of course") == "Well, yes, of course")
    #expect(plainText(ofASS: "0,0,Default,,0,0,0,too short") == "")
    #expect(plainText(ofASS: "") == "")
  }

  @Test func overrideBlocksAndTagsAreLeftOut() {
    #expect(plain("{\\i1}so{\\i0} it {\\pos(10,20)}goes") == "so it goes")
    #expect(plain("<i>so</i> it <font color=\"red\">goes</font>") == "so it goes")
  }

  @Test func lineBreaksAndHardSpacesBecomeSpaces() {
    #expect(plain("one\\Ntwo\\nthree\\hfour") == "one two three four")
    #expect(plain(" one \r\n two\tthree  ") == "one two three")
  }

  @Test func otherBackslashesStay() {
    #expect(plain("C:\\temp") == "C:\\temp")
    #expect(plain("end\\") == "end\\")
  }

  @Test func drawingsAreNoText() {
    #expect(plain("{\\p1}m 0 0 l 100 0 100 100{\\p0}after") == "after")
    #expect(plain("before{\\an7\\p4}m 0 0 l 1 1") == "before")
    #expect(plain("{\\pos(1,2)}still text") == "still text")
    #expect(plain("{\\pbo3}still text") == "still text")
  }

  @Test func aSignAloneIsText() {
    #expect(plain("5 > 3") == "5 > 3")
    #expect(plain("a } b") == "a } b")
  }
}
