import Glibc
import Media
import Testing

@testable import Config

@Suite struct SecretTests {
  @Test(arguments: [
    ("rtsp://u:hunter2@h/s", "rtsp://h/…"), ("rtsp://u:hun/ter2@h/s", "rtsp://…"),
    ("http://h/s?key=hunter2", "http://h/…"), ("rtsp://h:554/user=adm&password=hunter2&channel=1", "rtsp://h:554/…"),
    ("rtmp://h/live/hunter2", "rtmp://h/…"), ("RTMP://h/live/hunter2", "rtmp://h/…"),
    ("srt://[::1]:9/", "srt://[::1]:9/…"),
    ("http://u:p@h?key=hunter2#x", "http://h/…"), ("http://h/a#hunter2", "http://h/…"), ("/srv/a?b@c", "/srv/a?b@c"),
    ("file:///srv/a?b@c/d", "file:///srv/a?b@c/d"), ("v4l2:///dev/video0", "v4l2:///dev/video0"),
    ("rtsp://${credential:front}@h/s", "rtsp://h/…"), ("http://h", "http://h"), ("http://u:hun?ter2@h/", "http://…"),
    ("rtsp://u:hun@ter/2@h/", "rtsp://…"),
  ])
  func anAddressIsShownWithoutSecrets(_ text: String, _ shown: String) throws {
    let address = try SourceAddress(text)
    #expect(address.description == shown && String(reflecting: address) == shown)
  }

  @Test(arguments: [
    "sources: {a: {url: [\"rtsp://u:hunter2@h\"]}}", "hop: rtsp://u:hunter2@h", "rtsp://u:hunter2@h: x",
    "sources: {\"rtsp://u:hunter2@h\": {url: x}}", "sources: {a: {url: \"rtsp://u:hunter2@h/${x}\"}}",
    "sources: {a: {url: \"rtsp://h/password=hunter2/${x}\"}}",
    "sources: {a: {url: \"rtsp://u:hunter2@h}}", "sources: {a: {url: \"rtsp://u:hunter2@h\", kind: directory}}",
    "rtsp://u:hunter2@h: x\nrtsp://u:hunter2@h: y", "http: {token: \"hunter2 \"}", "\"hunter2@h\": [",
    "&hunter2@ x: *y",
  ])
  func noComplaintShowsASecret(_ text: String) {
    let said = complaints(text)
    #expect(!said.isEmpty)
    for line in said { #expect(!line.contains("hunter2")) }
  }

  @Test func flagsAndVariablesShowNoSecretEither() {
    let flags = ["sources.a.url=rtsp://u:hunter2@h/${x}", "rtsp://u:hunter2@h", "rtsp://u:hunter2@h=x"]
    for line in complaints(nil, environment: ["TANDEM_HOP": "http://u:hunter2@h"], flags: flags) {
      #expect(!line.contains("hunter2"))
    }
  }

  @Test func placeholdersAreFilledWhenTheAddressIsUsed() throws {
    try inScratch { folder in
      let secrets = Credentials(environment: ["CREDENTIALS_DIRECTORY": folder])
      write("p@ss/w:rd~ä\n", "\(folder)/front")
      write("rtsp://u:p@h/s\n", "\(folder)/whole")
      let filled = try ["rtsp://u:${credential:front}@h/s", "${credential:whole}", "/srv/a.mkv"].map {
        try SourceAddress($0).filled(secrets)
      }
      write("HTTP://h/S", "\(folder)/loud")
      let lowered = try [
        "RtSp://h/S", "${credential:loud}", "FILE:///Srv",
      ].map { try SourceAddress($0).filled(secrets) }
      #expect(lowered == ["rtsp://h/S", "http://h/S", "file:///Srv"])
      #expect(filled == ["rtsp://u:p%40ss%2Fw%3Ard~%C3%A4@h/s", "rtsp://u:p@h/s", "/srv/a.mkv"])
    }
  }

  @Test(arguments: ["a${b}", "a${credential:}", "a${credential:x", "a${credential:../x}", "a${credential:a${x}}", ""])
  func otherPlaceholdersAreRefused(_ text: String) { #expect(throws: Refusal.self) { try SourceAddress(text) } }

  @Test func aSecretThatCannotBeHadIsNamed() throws {
    try inScratch { folder in
      let secrets = Credentials(environment: ["CREDENTIALS_DIRECTORY": folder])
      write("", "\(folder)/empty")
      write("a\nb\n", "\(folder)/lines")
      write(String(repeating: "x", count: 70_000), "\(folder)/long")
      let said = ["none", "empty", "lines", "long"].map { name in
        #expect(throws: CredentialProblem.self) { try secrets.read(name) }?.description
      }
      #expect(
        said == [
          "credential none: No such file or directory", "credential empty: is empty",
          "credential lines: has a control character", "credential long: is longer than 64KiB",
        ])
      #expect(throws: CredentialProblem.self) { try secrets.read("../lines") }
      #expect(throws: CredentialProblem.self) { try Credentials(environment: [:]).read("front") }
    }
  }

  @Test func aTokenIsReadFromItsPlace() throws {
    try inScratch { folder in
      write("t0ken\n", "\(folder)/web")
      let secrets = Credentials(environment: ["CREDENTIALS_DIRECTORY": folder])
      let tokens = try [TokenPlace.credential("web"), .file("\(folder)/web")].map { try secrets.read($0) }
      #expect(tokens == ["t0ken", "t0ken"])
    }
  }
}

private func inScratch(_ body: (String) throws -> Void) throws {
  var name = Array("/tmp/tandem-config-XXXXXX".utf8CString)
  let folder = try #require(unsafe mkdtemp(&name).map { unsafe String(cString: $0) })
  defer {
    for file in ["front", "whole", "empty", "lines", "long", "web"] { unsafe unlink("\(folder)/\(file)") }
    unsafe rmdir(folder)
  }
  try body(folder)
}

private func write(_ text: String, _ path: String) {
  let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  defer { close(descriptor) }
  let bytes = Array(text.utf8)
  let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
  #expect(count == bytes.count)
}
