import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks a server at a unix socket over HTTP/1.1: one request a connection.
public struct LocalHTTPClient: Sendable {
    /// Why there is no answer.
    public enum Failure: Error, Hashable, Sendable {
        /// Nobody listens there.
        case notRunning
        /// We may not connect.
        case notPermitted
        /// It does not answer in time, or not to the end.
        case noAnswer
        /// What answers does not speak HTTP.
        case otherProtocol
    }

    /// What a request is to do.
    public enum Method: Hashable, Sendable {
        case get, post
    }

    /// What the server answered.
    public struct Answer: Hashable, Sendable {
        /// A status of HTTP.
        public var status: Int
        /// The body.
        public var body: [UInt8]

        /// An answer, for tests of what reads one.
        package init(status: Int, body: [UInt8]) {
            self.status = status
            self.body = body
        }
    }

    /// The path of the socket.
    public let path: String
    /// The longest body that is taken. Default 64 MiB.
    public var bodyLimit = 64 << 20

    /// A client of the server at a path.
    public init(path: String) {
        self.path = path
    }

    /// Asks and returns the answer.
    ///
    /// - Parameters:
    ///   - target: The path of the resource, with its query.
    ///   - limit: How long all of it may take.
    public func ask(
        _ method: Method,
        _ target: String,
        within limit: Duration
    ) async throws(Failure) -> Answer {
        let end = ContinuousClock.now + limit
        let (channel, answer) = try await connect(until: end)
        let tooSlow = channel.eventLoop.scheduleTask(
            in: TimeAmount(max(.zero, ContinuousClock.now.duration(to: end)))
        ) { channel.close(promise: nil) }
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: target)
        head.headers.add(name: "Host", value: "localhost")
        if method == .post {
            head.method = .POST
            head.headers.add(name: "Content-Length", value: "0")
        }
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        // It may fail: a server that turns clients away answers without reading what they ask.
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        let result: Result<Answer, any Error> = await withTaskCancellationHandler {
            // Fails at the latest when the connection ends.
            do {
                return .success(try await answer.get())
            } catch {
                return .failure(error)
            }
        } onCancel: {
            channel.close(promise: nil)
        }
        tooSlow.cancel()
        channel.close(promise: nil)
        do {
            return try result.get()
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .noAnswer
        }
    }

    /// A connection, and the answer that comes over it. A server whose queue is full is asked again until `end`, see
    /// unix(7), EAGAIN.
    private func connect(
        until end: ContinuousClock.Instant
    ) async throws(Failure) -> (any Channel, EventLoopFuture<Answer>) {
        while true {
            do {
                return try await connected()
            } catch let error as IOError {
                switch error.errnoCode {
                case EACCES, EPERM: throw .notPermitted
                case EAGAIN:
                    guard ContinuousClock.now < end, !Task.isCancelled else { throw .noAnswer }
                    // Cancelled: the guard says so.
                    try? await Task.sleep(for: .milliseconds(20))
                default: throw .notRunning
                }
            } catch {
                throw .notRunning
            }
        }
    }

    private func connected() async throws -> (any Channel, EventLoopFuture<Answer>) {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(unixDomainSocketPath: path) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let answer = channel.eventLoop.makePromise(of: Answer.self)
                    let pipeline = channel.pipeline.syncOperations
                    do {
                        try pipeline.addHandler(HTTPRequestEncoder())
                        try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder()))
                        try pipeline.addHandler(AnswerReader(answer, bodyLimit: bodyLimit))
                    } catch {
                        answer.fail(error)
                        throw error
                    }
                    return (channel, answer.futureResult)
                }
            }
    }
}

/// Collects the answer to the one request of a connection.
private final class AnswerReader: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let answer: EventLoopPromise<LocalHTTPClient.Answer>
    private let bodyLimit: Int
    private var status = 0
    private var body: [UInt8] = []

    init(_ answer: EventLoopPromise<LocalHTTPClient.Answer>, bodyLimit: Int) {
        self.answer = answer
        self.bodyLimit = bodyLimit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): status = Int(head.status.code)
        case .body(let bytes):
            body += bytes.readableBytesView
            if body.count > bodyLimit { fail(.noAnswer, context) }
        case .end: answer.succeed(.init(status: status, body: body))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        // It broke off, in what was HTTP so far.
        case HTTPParserError.invalidEOFState: fail(.noAnswer, context)
        case is HTTPParserError: fail(status == 0 ? .otherProtocol : .noAnswer, context)
        default: fail(.noAnswer, context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        answer.fail(LocalHTTPClient.Failure.noAnswer)
    }

    private func fail(_ failure: LocalHTTPClient.Failure, _ context: ChannelHandlerContext) {
        answer.fail(failure)
        context.close(promise: nil)
    }
}
