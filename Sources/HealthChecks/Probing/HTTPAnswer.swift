import NIOCore

/// The parts of an HTTP response that a check needs.
struct HTTPAnswer: Sendable {
    /// The status code.
    var status: Int
    /// Its words, as the server sent them.
    var reason: String
    /// The body, or the beginning of it.
    var body = ByteBuffer()
    /// Whether the body was longer than what was read.
    var isCut = false
}
