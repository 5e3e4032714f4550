import Glibc
import Testing

@testable import Digest

/// Known answers: FIPS 180-4 and git.
@Suite struct DigestTests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func bytesHaveTheDigestOfTheStandard(_ text: String, _ expected: String) {
    #expect(SHA256.hex(Array(text.utf8)) == expected)
  }

  @Test func aFileOfManyChunksHasTheDigestOfItsBytes() {
    let file = ScratchFile([UInt8](repeating: UInt8(ascii: "a"), count: 3_000_001))
    #expect(SHA256.hex(file: file.path) == SHA256.hex([UInt8](repeating: UInt8(ascii: "a"), count: 3_000_001)))
  }

  @Test func aMillionLettersHaveTheDigestOfTheStandard() {
    let file = ScratchFile([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
    #expect(SHA256.hex(file: file.path) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test(arguments: [
    ("", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"), ("hello\n", "ce013625030ba8dba906f756967f9e9ca394464a"),
  ])
  func aFileHasTheNameThatGitGivesIt(_ text: String, _ expected: String) {
    let file = ScratchFile(Array(text.utf8))
    #expect(GitBlob.hex(file: file.path) == expected)
  }

  @Test func aFileThatCannotBeReadHasNone() {
    let absent = Array("/nowhere/at/all".utf8CString)
    #expect(SHA256.hex(file: absent) == nil)
    #expect(errno == ENOENT)
    #expect(SHA256.hex(file: Array("/".utf8CString)) == nil)
    #expect(errno == EISDIR)
  }
}

/// A file that goes when nobody holds it any more.
@safe private final class ScratchFile {
  private(set) var path = Array("/tmp/tandem-digest-XXXXXX".utf8CString)

  init(_ bytes: [UInt8]) {
    let descriptor = unsafe mkstemp(&path)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
  }

  deinit { unsafe unlink(path) }
}
