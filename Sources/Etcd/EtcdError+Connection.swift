import GRPCTransport
import Glibc
import NIOCore
import Texts

/// Explains why there is no connection; part of the one place where errors become an ``EtcdError``.
extension EtcdError {
    /// The failure of an attempt to connect.
    init(
        connecting error: any Error,
        to endpoint: EtcdEndpoint,
        _ tls: EtcdClient.TLS,
        _ material: TLSMaterial?
    ) {
        guard let error = error as? ConnectionError else {
            self.init(.cancelled, "the attempt to connect was cancelled", cause: error)
            return
        }
        self.init(
            .unavailable,
            Self.reason(error, at: endpoint, tls, material),
            endpoint: "\(endpoint)",
            cause: error
        )
    }

    /// The reason in words, with what is known of the files of the connection's TLS.
    static func reason(
        _ error: ConnectionError,
        at endpoint: EtcdEndpoint,
        _ tls: EtcdClient.TLS,
        _ material: TLSMaterial?
    ) -> String {
        guard case .tls(let cause, let certificate) = error else { return reason(error) }
        return reason(
            TLSFailure(
                error: cause,
                expectedName: tls.serverName ?? endpoint.host.text,
                server: certificate,
                authorities: material?.authorities,
                hasOwnCertificate: material?.validity != nil
            )
        )
    }

    /// The reason in words.
    static func reason(_ error: ConnectionError) -> String {
        switch error {
        case .timedOut: "connection timed out"
        case .nameUnknown(let name, let words): "the name \(name) cannot be resolved (\(words))"
        case .socket(let error): reason(ofSocket: error)
        case .tls(let error, _): "TLS failed: \(error)"
        case .mismatch(let mismatch): reason(mismatch)
        case .http2(let error): "the server broke a rule of HTTP/2: \(error)"
        case .goAway(let code, let words):
            "the server ends the connection: \(code)"
                + (words.isEmpty ? "" : ", \(OneLine.escaped(words))")
        case .pingTimedOut: "no answer to a ping"
        case .closedByServer: "the server closed the connection"
        case .closedHere: "the connection was closed"
        }
    }

    private static func reason(ofSocket error: any Error) -> String {
        guard let error = error as? IOError else { return "not reachable: \(error)" }
        return switch error.errnoCode {
        case ECONNREFUSED: "connection refused: no etcd listens there"
        case EHOSTUNREACH, ENETUNREACH: "no route to host"
        case ECONNRESET: "the connection was reset"
        case ETIMEDOUT: "connection timed out"
        default: "not reachable: \(errnoText(error.errnoCode))"
        }
    }
}
