package import NIOSSL

/// The reason why a connection could not be made, or has ended.
package enum ConnectionError: Error {
    /// Nothing was heard of a server for that long.
    case timedOut(Duration)
    /// The name has no address; the words of getaddrinfo(3).
    case nameUnknown(String, String)
    /// The socket failed, as by ``IOError``.
    case socket(any Error)
    /// TLS failed; the server's certificate, when it had shown one.
    case tls(any Error, certificate: NIOSSLCertificate?)
    /// The server speaks another protocol.
    case mismatch(ProtocolMismatch)
    /// The server broke a rule of HTTP/2.
    case http2(any Error)
    /// The server ends the connection (GOAWAY), with a code of RFC 9113 §7 and words of its own.
    case goAway(String, String)
    /// The server did not answer a ping.
    case pingTimedOut
    /// The server closed the connection without a word.
    case closedByServer
    /// It was closed here.
    case closedHere
}

/// A server that does not speak what the connection is for.
package enum ProtocolMismatch: Hashable, Sendable {
    /// It speaks TLS, and we do not.
    case speaksTLS
    /// It speaks something else, and we speak TLS.
    case speaksNoTLS
    /// It ended the connection at the first thing it heard.
    case hungUp(onTLS: Bool)
}
