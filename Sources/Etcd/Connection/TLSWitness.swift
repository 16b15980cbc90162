import Certificates
import NIOCore
import NIOSSL
import Texts

/// Sees what goes wrong with TLS, right behind its handler: gRPC's own handlers pass no error on, and
/// they do not know the server's certificate, which tells what the error does not.
final class TLSWitness: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let endpoint: EtcdEndpoint
    private let tls: EtcdClient.TLS
    private let material: TLSMaterial
    private let saw: (TLSFailure) -> Void

    /// - Parameter saw: Called with each error.
    init(
        _ endpoint: EtcdEndpoint,
        _ tls: EtcdClient.TLS,
        _ material: TLSMaterial,
        saw: @escaping (TLSFailure) -> Void
    ) {
        self.endpoint = endpoint
        self.tls = tls
        self.material = material
        self.saw = saw
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Before the server has shown one there is none.
        let shown = try? context.channel.pipeline.syncOperations.nioSSL_peerCertificate()
        saw(
            TLSFailure(
                error: error,
                expectedName: tls.serverName ?? endpoint.host.text,
                server: shown,
                authorities: material.authorities,
                hasOwnCertificate: material.validity != nil
            )
        )
        context.fireErrorCaught(error)
    }
}

/// An error of a connection that speaks TLS, with what is needed to say it well.
struct TLSFailure: Error {
    /// The error that NIOSSL threw.
    let error: any Error
    /// The name that the server's certificate has to be for.
    let expectedName: String
    /// The server's certificate, if it was shown.
    let server: NIOSSLCertificate?
    /// The authorities of `ca_file`; `nil` when the system's are trusted.
    let authorities: TrustedAuthorities?
    /// Whether we showed a certificate.
    let hasOwnCertificate: Bool
}
