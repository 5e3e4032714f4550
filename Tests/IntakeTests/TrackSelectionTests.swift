import Decode
import Media
import Testing

@testable import Intake

private func track(_ index: Int, _ modality: Modality, _ language: String? = nil, isDefault: Bool = false) -> TrackInfo
{
  TrackInfo(
    index: index, modality: modality, codec: "", startPTS: 0, timeBase: Ratio(1, 1000), language: language,
    isDefault: isDefault)
}

private let tracks = [
  track(0, .video), track(1, .audio, "eng"), track(2, .audio, "deu", isDefault: true), track(3, .text, "eng"),
  track(4, .video, isDefault: true),
]

@Suite struct TrackSelectionTests {
  private func slots(_ text: String, among tracks: [TrackInfo] = tracks) throws -> [Int: Slot] {
    try #require(TrackSelection(text)).slots(among: tracks)
  }

  @Test(arguments: [
    "", ",", "audio,", ",audio", "sound", "audio:", "audio:-1", "audio,audio", "audio:0,audio:0", "Audio",
  ])
  func whatIsNoSelectionIsRefused(_ text: String) {
    #expect(TrackSelection(text) == nil)
  }

  @Test(arguments: ["audio", "audio,video,text", "audio:deu", "video:0,video:1", "text:eng,audio:2"])
  func aSelectionIsWrittenAsItWasRead(_ text: String) throws {
    let selection = try #require(TrackSelection(text))
    #expect(selection.entries.map(\.description).joined(separator: ",") == text)
  }

  @Test func slotsAreNumberedByKindInTheirOrder() throws {
    let selection = try #require(TrackSelection("video:1,audio,video:0"))
    #expect(selection.slots == [Slot(.video, 0), Slot(.audio, 0), Slot(.video, 1)])
  }

  @Test func theDefaultTrackOfEachKindIsTaken() throws {
    #expect(try slots("audio,video,text") == [2: Slot(.audio), 4: Slot(.video), 3: Slot(.text)])
  }

  @Test func withoutADefaultTheFirstOfItsKindIsTaken() throws {
    #expect(try slots("audio", among: [track(5, .video), track(6, .audio), track(7, .audio)]) == [6: Slot(.audio)])
  }

  @Test func numbersCountWithinAKind() throws {
    #expect(try slots("video:0,video:1") == [0: Slot(.video), 4: Slot(.video, 1)])
    #expect(try slots("audio:1") == [2: Slot(.audio)])
  }

  @Test func languagesAreFoundByTheirCode() throws {
    #expect(try slots("audio:eng,text:eng") == [1: Slot(.audio), 3: Slot(.text)])
  }

  @Test func aMissingKindIsNormalAndAMissingTrackIsNot() throws {
    let silent = [track(0, .video)]
    #expect(try slots("audio,video", among: silent) == [0: Slot(.video)])
    for text in ["audio:0", "audio:deu", "video:1"] {
      #expect(throws: SourceError.self) { try slots(text, among: silent) }
    }
  }
}
