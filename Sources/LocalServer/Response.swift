import FoundationEssentials

/// The answer to a request.
public struct Response: Hashable, Sendable {
    /// A status of HTTP, see RFC 9110, 15.
    public enum Status: Int, Hashable, Sendable {
        case ok = 200
        case accepted = 202
        case badRequest = 400
        case forbidden = 403
        case notFound = 404
        case methodNotAllowed = 405
        case requestTimeout = 408
        case conflict = 409
        case contentTooLarge = 413
        case expectationFailed = 417
        case misdirectedRequest = 421
        case unprocessableContent = 422
        case headerFieldsTooLarge = 431
        case serviceUnavailable = 503
        case gatewayTimeout = 504
    }

    /// How it went.
    public var status: Status
    /// The media type of the body.
    public var contentType: String
    /// The body.
    public var body: String
    /// The methods that the path has, for ``Status/methodNotAllowed``.
    public var allow: String?
    /// What a browser may load and run for the body, see CSP level 3. Default: nothing at all.
    public var contentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'"
    /// After how many seconds it makes sense to try again.
    public var retryAfter: Int?

    /// A response with a body.
    public init(
        _ status: Status,
        _ body: String,
        contentType: String = "text/plain; charset=utf-8"
    ) {
        self.status = status
        self.body = body
        self.contentType = contentType
    }

    /// A response whose body is an object in JSON.
    public init(_ status: Status, json: String) {
        self.init(status, json, contentType: "application/json")
    }

    /// A response that says what is wrong: `{"error":{"code":…,"message":…}}`.
    ///
    /// - Parameters:
    ///   - code: For programs: one word, which stays.
    ///   - message: For people: a sentence, which may change.
    ///   - details: For people: more sentences, where there is more to say.
    public init(_ status: Status, error code: String, _ message: String, details: [String]? = nil) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let error = ErrorBody(error: .init(code: code, message: message, details: details))
        // Texts cannot fail to be encoded.
        let json = String(decoding: (try? encoder.encode(error)) ?? Data(), as: UTF8.self)
        self.init(status, json: json + "\n")
    }
}

/// The body of a response that says what is wrong.
public struct ErrorBody: Codable, Hashable, Sendable {
    /// What is wrong.
    public struct Details: Codable, Hashable, Sendable {
        /// For programs.
        public var code: String
        /// For people.
        public var message: String
        /// More for people.
        public var details: [String]?
    }

    /// What is wrong.
    public var error: Details
}
