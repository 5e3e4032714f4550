import Testing

@testable import Hub

@Suite struct NameTests {
  @Test func aNameHasAnOrganisationAndMayHaveARevision() throws {
    let plain = try #require(RepositoryName("openai/clip-vit-base-patch32"))
    #expect(plain.revision == "main" && "\(plain)" == "openai/clip-vit-base-patch32")
    let old = try #require(RepositoryName("org/a.b_c@refs/pr/1"))
    #expect(old.name == "a.b_c" && old.revision == "refs/pr/1")
  }

  @Test(arguments: [
    "", "name", "/name", "org/", "a/b/c", "../b", "a/..", "a/.b", "-a/b", "a/b@", "a/b@../c", "a/b@c//d", "a b/c",
    "a/b?c",
    "a/b%2e", "a/ü",
  ])
  func anythingElseIsNoName(_ text: String) { #expect(RepositoryName(text) == nil) }

  @Test(arguments: ["https://hub.example/", "http://127.0.0.1:80", "http://localhost:8000/x", "http://[::1]:1"])
  func aHubIsReachedInSafetyOrOnThisMachine(_ text: String) throws {
    let endpoint = try Endpoint(text)
    #expect(endpoint.isLoopback == text.hasPrefix("http:"))
  }

  @Test(arguments: [
    "", "https://", "http://hub.example", "http://127.0.0.1.example", "http://127.1@hub.example", "ftp://127.0.0.1",
    "file:///etc", "http://localhost.example", "http://128.0.0.1", "https://a b", "https://a\nb",
  ])
  func anyOtherAddressIsRefused(_ text: String) {
    #expect(throws: HubError.self) { try Endpoint(text) }
  }

  @Test func addressesAreEscaped() throws {
    let endpoint = try Endpoint("https://hub.example/")
    let name = try #require(RepositoryName("org/name@refs/pr/1"))
    #expect(endpoint.listing(name) == "https://hub.example/api/models/org/name/revision/refs%2Fpr%2F1?blobs=true")
    #expect(
      endpoint.file("1_Pooling/a b?.json", of: name, at: "0a")
        == "https://hub.example/org/name/resolve/0a/1_Pooling/a%20b%3F.json")
  }
}
