public import Exposition

/// What a page answers.
public struct PageAnswer: Hashable, Sendable {
    /// The status of HTTP.
    public enum Status: Int, Hashable, Sendable {
        case ok = 200
        case badRequest = 400
        case notFound = 404
        case methodNotAllowed = 405
        case unavailable = 503
    }

    /// How it went.
    public var status: Status
    /// The media type of the body.
    public var contentType: String
    /// The body.
    public var body: String

    /// An answer in plain text.
    public init(_ status: Status, _ body: String) {
        self.status = status
        self.body = body
        contentType = "text/plain; charset=utf-8"
    }

    /// All metrics of a registry.
    public init(_ registry: MetricsRegistry) {
        status = .ok
        body = registry.text
        contentType = PrometheusText.contentType
    }
}
