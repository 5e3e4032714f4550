import Emit
import HTTPTypes

/// A whole answer, but for the records.
struct Answer {
  var status: HTTPResponse.Status
  var fields: HTTPFields
  var body: [UInt8]

  init(_ status: HTTPResponse.Status = .ok, _ mediaType: String, _ body: [UInt8]) {
    self.status = status
    self.body = body
    fields = .common(mediaType)
    fields[.contentLength] = "\(body.count)"
  }

  static func text(_ lines: [String], _ status: HTTPResponse.Status = .ok) -> Answer {
    Answer(status, "text/plain; charset=utf-8", Array(lines.map { "\($0)\n" }.joined().utf8))
  }

  static func json(_ value: JSON, _ status: HTTPResponse.Status = .ok) -> Answer {
    Answer(status, "application/json", Array("\(value.line)\n".utf8))
  }

  static func error(_ status: HTTPResponse.Status, _ line: String) -> Answer {
    json(.object([("error", .text(line))]), status)
  }

  static func error(_ error: FaceError) -> Answer {
    switch error {
    case .unknown(let line): .error(.notFound, line)
    case .invalid(let line): .error(.badRequest, line)
    case .conflict(let line): .error(.conflict, line)
    case .gone(let line): .error(.gone, line)
    case .unavailable(let line): .error(.serviceUnavailable, line)
    }
  }

  static func methods(_ allowed: String) -> Answer {
    var answer = error(.methodNotAllowed, "only \(allowed) here")
    answer.fields[.allow] = allowed
    return answer
  }

  static func busy(_ line: String) -> Answer {
    var answer = error(.serviceUnavailable, line)
    answer.fields[.retryAfter] = "5"
    return answer
  }

  static let noContent: Answer = {
    var answer = Answer(.noContent, "text/plain", [])
    (answer.fields[.contentLength], answer.fields[.contentType]) = (nil, nil)
    return answer
  }()

  static let unauthorized: Answer = {
    var answer = error(.unauthorized, "a token is needed: Authorization: Bearer TOKEN")
    answer.fields[.wwwAuthenticate] = "Bearer"
    return answer
  }()
}

extension HTTPFields {
  /// Of every answer: what it is, and that it is so only now.
  static func common(_ mediaType: String) -> HTTPFields {
    var fields = HTTPFields()
    fields[.contentType] = mediaType
    fields[.cacheControl] = "no-store"
    fields[.xContentTypeOptions] = "nosniff"
    return fields
  }
}
