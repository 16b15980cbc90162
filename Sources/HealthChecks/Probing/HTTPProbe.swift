import NIOCore
import NIOHTTP1
import NIOSSL
import Registry
import Texts

/// Asks once, over a connection of its own, and judges the answer.
struct HTTPProbe: Probe {
    private let check: HTTPCheck
    private let tools: ProbeTools

    init(_ check: HTTPCheck, tools: ProbeTools) {
        self.check = check
        self.tools = tools
    }

    func run() async throws(ProbeFailure) {
        try judge(try await answer(isSecondTry: false))
    }

    // MARK: asking

    private func answer(isSecondTry: Bool) async throws(ProbeFailure) -> HTTPAnswer {
        let store = check.address.isSecure ? try await tools.trust.store(for: check.trust) : nil
        let channel = try await tools.dialer.connect(to: check.address.target)
        defer { channel.close(promise: nil) }
        do {
            return try await withTaskCancellationHandler {
                try await channel.eventLoop.flatSubmit { ask(over: channel, store?.context) }.get()
            } onCancel: {
                channel.close(promise: nil)
            }
        } catch {
            if Task.isCancelled { throw .cancelled }
            let failure = ProbeFailure(error, from: check.address.target)
            guard failure.code == .tls else { throw failure }
            tools.trust.forget(check.trust)
            // An authority ended between the start of the handshake and its end: its twin was not asked.
            guard let store, store.isOutdated, !isSecondTry else { throw failure }
        }
        return try await answer(isSecondTry: true)
    }

    private func ask(
        over channel: any Channel,
        _ context: NIOSSLContext?
    ) -> EventLoopFuture<HTTPAnswer> {
        let outcome = channel.eventLoop.makePromise(of: HTTPAnswer.self)
        guard channel.isActive else {
            outcome.fail(ProbeFailure.closed(by: check.address.target))
            return outcome.futureResult
        }
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderListSize = HTTPExchange.limit
        limits.maxHeaderFieldSize = HTTPExchange.limit
        do {
            let pipeline = channel.pipeline.syncOperations
            if let context {
                try pipeline.addHandler(
                    NIOSSLClientHandler(context: context, serverHostname: serverName)
                )
            }
            try pipeline.addHandler(HTTPRequestEncoder())
            try pipeline.addHandler(
                ByteToMessageHandler(HTTPResponseDecoder(limitConfiguration: limits))
            )
            try pipeline.addHandler(
                HTTPExchange(
                    request,
                    readsBody: check.contains != nil,
                    target: check.address.target,
                    outcome: outcome
                )
            )
        } catch {
            outcome.fail(error)
        }
        return outcome.futureResult
    }

    /// The name to ask for; without, the certificate must be for the IP address itself.
    private var serverName: String? {
        if let name = check.trust.serverName { return name }
        let host = check.address.target.host
        return host.family == .name ? host.text : nil
    }

    private var request: HTTPRequestHead {
        var headers = HTTPHeaders([
            ("Host", check.address.authority),
            ("User-Agent", "discoveryd"),
            ("Accept", "*/*"),
            ("Connection", "close"),
        ])
        for header in check.headers { headers.remove(name: header.name) }
        for header in check.headers { headers.add(name: header.name, value: header.value) }
        return HTTPRequestHead(
            version: .http1_1,
            method: HTTPMethod(rawValue: check.method),
            uri: check.address.resource,
            headers: headers
        )
    }

    // MARK: judging

    private func judge(_ answer: HTTPAnswer) throws(ProbeFailure) {
        guard check.statuses.contains(where: { $0.contains(answer.status) }) else {
            throw ProbeFailure(.status, statusSentence(answer))
        }
        guard let wanted = check.contains else { return }
        guard Self.find(wanted, in: answer.body) else {
            let body = answer.body.getString(at: 0, length: min(answer.body.readableBytes, 512))
            let place = answer.isCut ? "the first 64 KiB of the answer" : "the answer"
            throw ProbeFailure(
                .content,
                "\(place) (status \(answer.status)) does not contain '\(OneLine.excerpt(wanted))'; "
                    + "it begins with '\(OneLine.excerpt(body ?? ""))'"
            )
        }
    }

    private func statusSentence(_ answer: HTTPAnswer) -> String {
        let expected = check.statuses.map {
            $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) to \($0.upperBound)"
        }.joined(separator: ", ")
        let reason = answer.reason.isEmpty ? "" : " \(OneLine.excerpt(answer.reason))"
        let remedy =
            switch answer.status {
            case 300...399:
                "redirects are not followed: set the check to the target of the redirect"
            case 401, 403: "give the check a header that authenticates it, or use another path"
            case 404: "correct the path of the check"
            case 400, 421: "correct the request; the server may expect another Host header"
            default: "see the log of the service"
            }
        return "answered \(answer.status)\(reason), expected \(expected); \(remedy)"
    }

    private static func find(_ wanted: String, in body: ByteBuffer) -> Bool {
        let wanted = Array(wanted.utf8)
        return body.withUnsafeReadableBytes { bytes in
            guard bytes.count >= wanted.count else { return false }
            return (0...(bytes.count - wanted.count)).contains { start in
                bytes[start..<(start + wanted.count)].elementsEqual(wanted)
            }
        }
    }
}

/// Sends one request and gathers its answer.
final class HTTPExchange: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// How much of a body, and of headers, is read.
    static let limit = 64 * 1024

    private let request: HTTPRequestHead
    private let readsBody: Bool
    private let outcome: EventLoopPromise<HTTPAnswer>
    private let target: TCPTarget
    private var answer: HTTPAnswer?

    /// - Parameters:
    ///   - readsBody: Whether the body matters; else the head is the whole answer.
    ///   - outcome: Gets the answer, or the error that ended the connection.
    init(
        _ request: HTTPRequestHead,
        readsBody: Bool,
        target: TCPTarget,
        outcome: EventLoopPromise<HTTPAnswer>
    ) {
        self.request = request
        self.readsBody = readsBody
        self.target = target
        self.outcome = outcome
    }

    func handlerAdded(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(request)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            answer = HTTPAnswer(status: Int(head.status.code), reason: head.status.reasonPhrase)
            if !readsBody { succeed() }
        case .body(var part):
            guard let room = answer.map({ Self.limit - $0.body.readableBytes }) else { return }
            if part.readableBytes > room { answer?.isCut = true }
            if var slice = part.readSlice(length: min(room, part.readableBytes)) {
                answer?.body.writeBuffer(&slice)
            }
            if answer?.isCut == true { succeed() }
        case .end: succeed()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        outcome.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        outcome.fail(ProbeFailure.closed(by: target))
        context.fireChannelInactive()
    }

    private func succeed() {
        guard let answer else { return }
        outcome.succeed(answer)
    }
}

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
