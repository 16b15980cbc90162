import Certificates
import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Texts

/// The page `/version` that a member serves over HTTP/1.1 at its client port: asked for what gRPC does not tell, the
/// server's clock and certificate.
///
/// Source: etcd, `server/etcdserver/api/etcdhttp/version.go`; RFC 9110 §6.6.1, `Date`.
struct VersionPage: Sendable {
    /// How far the server's clock is ahead of ours, in seconds.
    var clockAhead: Int?
    var certificate: MemberExamination.ShownCertificate?

    /// The head of an answer is a few hundred bytes.
    private static let headLimit = 16 * 1024

    /// Asks for it.
    ///
    /// - Parameter tls: The files that are in use, and the name that the certificate has to be for where the endpoint
    ///   does not name the host.
    /// - Returns: `nil` when there is no such page in time: it may be switched off, or served elsewhere.
    static func ask(
        _ address: HostAddress,
        _ endpoint: EtcdEndpoint,
        tls: (material: TLSMaterial, serverName: String?)?,
        within limit: Duration
    ) async -> VersionPage? {
        let host = endpoint.host
        var security: (context: NIOSSLContext, name: String?)?
        if let tls {
            guard
                let context = try? tls.material.context(
                    now: CertificateValidity.now,
                    protocols: ["http/1.1"]
                )
            else { return nil }
            security = (context, tls.serverName ?? (host.family == .name ? host.text : nil))
        }
        let text =
            "GET /version HTTP/1.1\r\nHost: \(host.joined(port: endpoint.port))\r\nConnection: close\r\n\r\n"
        guard
            let (head, certificate) = try? await head(
                of: text,
                address,
                endpoint.port,
                security,
                limit
            )
        else { return nil }
        var page = VersionPage()
        let now = CertificateValidity.now
        page.clockAhead = HTTPDate.seconds(inHead: head).map { $0 - now }
        page.certificate = certificate.map { certificate in
            let validity = CertificateValidity(certificate)
            return MemberExamination.ShownCertificate(
                begins: validity.begins,
                ends: validity.ends,
                names: CertificateFacts(certificate)?.names.map(\.description) ?? []
            )
        }
        return page
    }

    private static func head(
        of request: String,
        _ address: HostAddress,
        _ port: UInt16,
        _ security: (context: NIOSSLContext, name: String?)?,
        _ limit: Duration
    ) async throws -> (String, NIOSSLCertificate?) {
        let time = TimeAmount.nanoseconds(Int64(limit / .nanoseconds(1)))
        let (channel, head) = try await ClientBootstrap(
            group: MultiThreadedEventLoopGroup.singleton
        )
        .connectTimeout(time)
        .connect(host: address.text, port: Int(port)) { channel in
            channel.eventLoop.makeCompletedFuture {
                let promise = channel.eventLoop.makePromise(of: HeadReader.Head.self)
                do {
                    let pipeline = channel.pipeline.syncOperations
                    if let security {
                        try pipeline.addHandler(
                            NIOSSLClientHandler(
                                context: security.context,
                                serverHostname: security.name
                            )
                        )
                    }
                    try pipeline.addHandler(
                        HeadReader(promise, request: request, limit: headLimit)
                    )
                } catch {
                    promise.fail(error)
                    throw error
                }
                return (channel, promise.futureResult)
            }
        }
        let tooSlow = channel.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
        defer {
            tooSlow.cancel()
            channel.close(promise: nil)
        }
        return try await withTaskCancellationHandler {
            try await head.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }
}

/// Sends a request when the connection stands, and collects the head of the answer.
private final class HeadReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Head = (String, NIOSSLCertificate?)

    private let head: EventLoopPromise<Head>
    private let request: String
    private let limit: Int
    private var text: [UInt8] = []

    init(_ head: EventLoopPromise<Head>, request: String, limit: Int) {
        self.head = head
        self.request = request
        self.limit = limit
    }

    func channelActive(context: ChannelHandlerContext) {
        // TLS keeps it until the handshake is done.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        text += unwrapInboundIn(data).readableBytesView
        let all = String(decoding: text, as: UTF8.self)
        if let end = all.firstRange(of: "\r\n\r\n") {
            let pipeline = context.channel.pipeline.syncOperations
            let certificate = (try? pipeline.nioSSL_peerCertificate()) ?? nil
            head.succeed((String(all[..<end.lowerBound]), certificate))
            context.close(promise: nil)
        } else if text.count > limit {
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        head.fail(error)
        context.close(promise: nil)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        head.fail(ChannelError.eof)
    }
}

/// Reads the `Date` of an answer of HTTP (RFC 9110 §5.6.7), in the one form that servers write.
enum HTTPDate {
    /// The instant in the head of an answer, in seconds since 1970; `nil` when there is none.
    static func seconds(inHead head: String) -> Int? {
        for line in head.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == "date" else {
                continue
            }
            return seconds(String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        return nil
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    static func seconds(_ text: String) -> Int? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = Int32(words[1]),
            let month = months.firstIndex(of: String(words[2])), let year = Int32(words[3]),
            (1970...9999).contains(year), (1...31).contains(day)
        else { return nil }
        let time = words[4].split(separator: ":").compactMap { Int32($0) }
        guard time.count == 3, (0...23).contains(time[0]), (0...59).contains(time[1]),
            (0...60).contains(time[2])
        else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, Int32(month), day)
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (time[0], time[1], time[2])
        return timegm(&parts)
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
