import GRPCCore
import NIOCore
import NIOHPACK
import NIOHTTP2

/// Decides what a server's frames on one stream mean for the call: which parts its reader gets, what is given back
/// to the server's window, and when the stream is reset. It does no I/O.
struct CallMachine {
    typealias Part = RPCResponsePart<MessageBytes>

    /// How far the answer is.
    enum Phase {
        /// No fields have come. Can go to `receiving`, `ended`, `failed`.
        case waiting
        /// Messages come. Can go to `ended`, `failed`.
        case receiving
        /// The server has said its status. This state is terminal.
        case ended
        /// The call is over without a status of the server. This state is terminal.
        case failed(RPCError)
    }

    /// Frames that the connection has to send on the stream.
    struct Effects: Equatable {
        /// How much the server may send more, in bytes.
        var increment = 0
        /// Ends the stream.
        var reset: HTTP2ErrorCode?
    }

    /// The next thing for the reader.
    enum Taken {
        case part(Part, increment: Int)
        case failure(RPCError)
        case end
        /// Nothing yet.
        case nothing
    }

    private(set) var phase = Phase.waiting
    private var parts = CircularBuffer<Part>()
    private var deframer: MessageDeframer
    private var window: ReceiveWindow

    /// - Parameters:
    ///   - limit: How long a message may be, in bytes.
    ///   - window: See ``ReceiveWindow``.
    init(limit: Int, window: Int) {
        deframer = MessageDeframer(limit: limit)
        self.window = ReceiveWindow(size: window)
    }

    /// Whether nothing more is expected of the server.
    var isOver: Bool {
        switch phase {
        case .waiting, .receiving: false
        case .ended, .failed: true
        }
    }

    // MARK: what happened

    /// Fields came: the first ones, or the trailers.
    mutating func headersReceived(_ fields: HPACKHeaders, isLast: Bool) -> Effects {
        switch phase {
        case .waiting: answered(CallHeaders.first(fields, isLast: isLast))
        case .receiving: answered(CallHeaders.last(fields))
        case .ended, .failed: break
        }
        // Whatever a server has to say after its status, as a proxy the page of an error, nobody reads.
        return Effects(reset: isOver && !isLast ? .cancel : nil)
    }

    /// Bytes came.
    ///
    /// - Parameter flowControlled: How many count for the window: padding does.
    mutating func dataReceived(_ bytes: ByteBuffer, flowControlled: Int, isLast: Bool) -> Effects {
        window.received(flowControlled)
        guard case .receiving = phase else {
            if case .waiting = phase {
                return broke("the server sent data before the header fields of its answer")
            }
            return Effects()
        }
        deframer.append(bytes)
        do throws(MessageDeframer.Fault) {
            while let message = try deframer.next() {
                window.hold(MessageDeframer.prefixLength + message.count)
                parts.append(.message(message))
            }
        } catch {
            switch error {
            case .compressed:
                return broke("the server sent a compressed message, which was not asked for")
            case .tooLarge(let count):
                return broke(
                    "the server's message is too large: \(count) bytes, the limit is \(deframer.limit)",
                    .resourceExhausted
                )
            }
        }
        if isLast { return broke("the server ended the call without a status") }
        return Effects(increment: window.increment())
    }

    /// The server ended the stream without an answer, or in the middle of one.
    mutating func resetReceived(_ code: HTTP2ErrorCode) {
        fail(
            RPCError(
                code: code == .enhanceYourCalm ? .resourceExhausted : .unavailable,
                message: "the server reset the stream: \(code.name)"
            )
        )
    }

    /// The call ends for a reason that is not the server's word on it: the connection ended, or a request cannot
    /// be sent. Parts that came before are still read.
    mutating func fail(_ error: RPCError) {
        guard !isOver else { return }
        phase = .failed(error)
    }

    /// Nobody wants the answer any more.
    ///
    /// - Returns: Whether the server has to be told.
    mutating func cancelled() -> Bool {
        let isUnread = !parts.isEmpty
        parts.removeAll()
        let mustTell = !isOver
        // A reader must not take what it has for all there was.
        if mustTell || isUnread { phase = .failed(.cancelledHere) }
        return mustTell
    }

    /// The reader wants the next part.
    mutating func take() -> Taken {
        if let part = parts.popFirst() {
            if case .message(let message) = part {
                window.release(MessageDeframer.prefixLength + message.count)
            }
            return .part(part, increment: isOver ? 0 : window.increment())
        }
        switch phase {
        case .waiting, .receiving: return .nothing
        case .ended: return .end
        case .failed(let error): return .failure(error)
        }
    }

    // MARK: deciding

    private mutating func answered(_ answer: CallHeaders.Answer) {
        switch answer {
        case .informational: break
        case .begins(let metadata):
            parts.append(.metadata(metadata))
            phase = .receiving
        case .ends(let status, let metadata):
            if status.code == .ok, deframer.incomplete > 0 {
                fail(
                    RPCError(
                        code: .internalError,
                        message: "the server ended the call within a message"
                    )
                )
            } else {
                parts.append(.status(status, metadata))
                phase = .ended
            }
        }
    }

    /// The server did what no gRPC server may.
    private mutating func broke(_ message: String, _ code: RPCError.Code = .internalError)
        -> Effects
    {
        fail(RPCError(code: code, message: message))
        return Effects(reset: .cancel)
    }
}

extension RPCError {
    /// The caller gave the call up; the cause tells it from a server's CANCELLED.
    static var cancelledHere: RPCError {
        RPCError(code: .cancelled, message: "the call was cancelled", cause: CancellationError())
    }
}

extension HTTP2ErrorCode {
    /// As RFC 9113 §7 has it.
    var name: String {
        switch self {
        case .noError: "NO_ERROR"
        case .protocolError: "PROTOCOL_ERROR"
        case .internalError: "INTERNAL_ERROR"
        case .flowControlError: "FLOW_CONTROL_ERROR"
        case .settingsTimeout: "SETTINGS_TIMEOUT"
        case .streamClosed: "STREAM_CLOSED"
        case .frameSizeError: "FRAME_SIZE_ERROR"
        case .refusedStream: "REFUSED_STREAM"
        case .cancel: "CANCEL"
        case .compressionError: "COMPRESSION_ERROR"
        case .connectError: "CONNECT_ERROR"
        case .enhanceYourCalm: "ENHANCE_YOUR_CALM"
        case .inadequateSecurity: "INADEQUATE_SECURITY"
        case .http11Required: "HTTP_1_1_REQUIRED"
        default: "error code \(networkCode)"
        }
    }
}
