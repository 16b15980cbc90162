import GRPCCore
import NIOCore
import NIOHPACK
import NIOHTTP2
import Synchronization

/// One call on a stream of its own: what its caller writes goes to the event loop, and what the server sends waits
/// here for its reader. Runs a ``CallMachine``.
final class GRPCCall: Sendable {
    typealias Part = CallMachine.Part
    private typealias Reader = CheckedContinuation<Part?, any Error>
    private typealias Writer = CheckedContinuation<Void, any Error>

    /// How far the request is.
    private enum Request {
        /// Nothing was written. Can go to `held`, `open`, `finished`.
        case new
        /// A call with one request goes out in one piece, when it is whole. Can go to `finished`.
        case held(HPACKHeaders, ByteBuffer?)
        /// Each message goes out as it is written. Can go to `finished`.
        case open
        /// Nothing more is written. This state is terminal.
        case finished
    }

    private struct State {
        var machine: CallMachine
        var request = Request.new
        var stream: HTTP2StreamID?
        /// Whether the connection knows nothing of the stream any more.
        var isReleased = false
        var reader: Reader?
        /// The messages that are not with the socket yet, in order, each with who waits for that: nobody does for the
        /// first one.
        var unwritten = CircularBuffer<Writer?>()

        /// Takes all who wait.
        mutating func takeWaiting() -> (reader: Reader?, writers: [Writer]) {
            defer { reader = nil }
            return (reader, takeWriters())
        }

        /// Takes those who wait to go on writing.
        mutating func takeWriters() -> [Writer] {
            defer { unwritten.removeAll() }
            return unwritten.compactMap { $0 }
        }
    }

    private let method: MethodDescriptor
    private let connection: GRPCConnection
    /// How long a request may be, in bytes.
    private let requestLimit: Int
    private let state: Mutex<State>

    init(_ method: MethodDescriptor, _ options: CallOptions, on connection: GRPCConnection) {
        self.method = method
        self.connection = connection
        requestLimit = options.maxRequestMessageBytes ?? .max
        let machine = CallMachine(
            limit: options.maxResponseMessageBytes ?? GRPCConnection.defaultMessageLimit,
            window: GRPCConnection.streamWindow
        )
        state = Mutex(State(machine: machine))
    }

    // MARK: the caller's side

    /// Writes a part of the request. While another message is not with the socket yet it returns when this one is, so
    /// that no caller is more than one message faster than the server reads. A single request is kept until
    /// ``finish()``.
    ///
    /// - Throws: `RPCError`: that of the call when it is over, `resourceExhausted` for a message longer than its
    ///   limit. On cancellation the call is given up.
    func write(_ part: RPCRequestPart<MessageBytes>) async throws {
        switch part {
        case .metadata(let metadata): try begin(metadata)
        case .message(let message):
            guard message.count <= requestLimit else {
                let error = RPCError(
                    code: .resourceExhausted,
                    message:
                        "the request is too large: \(message.count) bytes, the limit is \(requestLimit)"
                )
                give(up: error)
                throw error
            }
            try await send(MessageDeframer.frame(message))
        }
    }

    private func begin(_ metadata: Metadata) throws {
        let fields = connection.requestFields(method, metadata)
        let isStreaming = method.type?.isRequestStreaming ?? true
        let failure: RPCError? = state.withLock { state in
            if case .failed(let error) = state.machine.phase { return error }
            guard case .new = state.request else {
                return RPCError(code: .internalError, message: "a call has begun already")
            }
            state.request = isStreaming ? .open : .held(fields, nil)
            return nil
        }
        if let failure { throw failure }
        if isStreaming { connection.onLoop { $0.open(self, fields, message: nil, isLast: false) } }
    }

    private func send(_ message: ByteBuffer) async throws {
        let isHeld = state.withLock { state in
            guard case .held(let fields, nil) = state.request else { return false }
            state.request = .held(fields, message)
            return true
        }
        if isHeld { return }
        // To be woken only to wait for the next thing to say would be for nothing.
        let isFirst = try state.withLock { state in
            if case .failed(let error) = state.machine.phase { throw error }
            guard state.unwritten.isEmpty else { return false }
            state.unwritten.append(nil)
            return true
        }
        if isFirst { return connection.onLoop { $0.send(self, message) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (writer: Writer) in
                let failure: RPCError? = state.withLock { state in
                    if case .failed(let error) = state.machine.phase { return error }
                    state.unwritten.append(writer)
                    return nil
                }
                if let failure { return writer.resume(throwing: failure) }
                connection.onLoop { $0.send(self, message) }
            }
        } onCancel: {
            cancel()
        }
    }

    /// Says that the request is whole.
    func finish() {
        let request = state.withLock { state in
            defer { state.request = .finished }
            return state.machine.isOver ? .finished : state.request
        }
        switch request {
        case .held(let fields, let message):
            connection.onLoop { $0.open(self, fields, message: message, isLast: true) }
        case .open: connection.onLoop { $0.finish(self) }
        case .new, .finished: break
        }
    }

    /// The next part of the answer, or `nil` after its end.
    ///
    /// - Throws: `RPCError` when the call ended without the server's status. On cancellation the call is given up.
    func next() async throws -> Part? {
        if let part = try take() { return part }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (reader: Reader) in
                let (taken, earlier) = state.withLock { state in
                    let taken = state.machine.take()
                    guard case .nothing = taken else { return (taken, Reader?.none) }
                    // There is one reader; a second one is a mistake that must not leave the first waiting.
                    defer { state.reader = reader }
                    return (taken, state.reader)
                }
                earlier?.resume(throwing: RPCError.cancelledHere)
                resume(reader, with: taken)
            }
        } onCancel: {
            cancel()
        }
    }

    private func take() throws -> Part?? {
        let taken = state.withLock { $0.machine.take() }
        switch taken {
        case .part(let part, let increment):
            giveBack(increment)
            return .some(part)
        case .failure(let error): throw error
        case .end: return .some(nil)
        case .nothing: return nil
        }
    }

    private func resume(_ reader: Reader, with taken: CallMachine.Taken) {
        switch taken {
        case .part(let part, let increment):
            giveBack(increment)
            reader.resume(returning: part)
        case .failure(let error): reader.resume(throwing: error)
        case .end: reader.resume(returning: nil)
        case .nothing: break
        }
    }

    private func giveBack(_ increment: Int) {
        if increment > 0 { connection.onLoop { $0.giveBack(increment, self) } }
    }

    /// Gives the call up, whatever it waits for. What its caller still reads or writes throws `cancelled`.
    func cancel() {
        let (mustTell, waiting) = state.withLock { state in
            let mustTell = state.machine.cancelled()
            return (mustTell, state.takeWaiting())
        }
        waiting.reader?.resume(throwing: RPCError.cancelledHere)
        for writer in waiting.writers { writer.resume(throwing: RPCError.cancelledHere) }
        if mustTell { connection.onLoop { $0.reset(self, .cancel) } }
    }

    /// The caller is done with the call, at its end or before.
    func close() {
        cancel()
        // Also when the server has said its last word and we have not, or it goes on after that.
        if !state.withLock({ $0.isReleased }) { connection.onLoop { $0.reset(self, .cancel) } }
    }

    /// Ends the call, for a reason of ours, on both sides.
    func give(up error: RPCError) {
        fail(error)
        connection.onLoop { $0.reset(self, .cancel) }
    }

    // MARK: the connection's side, on its event loop

    /// Whether it has no end of its own.
    var isStreaming: Bool { method.type?.isResponseStreaming ?? true }

    /// The stream that carries the call, once there is one.
    var stream: HTTP2StreamID? { state.withLock { $0.stream } }

    /// The stream has ended on both sides, or the connection has.
    func released() { state.withLock { $0.isReleased = true } }

    /// - Returns: Whether the call still wants to begin.
    func opens(on stream: HTTP2StreamID) -> Bool {
        state.withLock { state in
            guard !state.machine.isOver else { return false }
            state.stream = stream
            return true
        }
    }

    func headersReceived(_ fields: HPACKHeaders, isLast: Bool) -> CallMachine.Effects {
        happened { $0.headersReceived(fields, isLast: isLast) }
    }

    func dataReceived(
        _ bytes: ByteBuffer,
        flowControlled: Int,
        isLast: Bool
    ) -> CallMachine.Effects {
        happened { $0.dataReceived(bytes, flowControlled: flowControlled, isLast: isLast) }
    }

    func resetReceived(_ code: HTTP2ErrorCode) {
        happened { $0.resetReceived(code) }
        wakeWriters()
    }

    /// The call cannot go on.
    func fail(_ error: RPCError) {
        happened { $0.fail(error) }
        wakeWriters()
    }

    /// The socket has a message, or will never have it.
    func written(_ result: Result<Void, any Error>) {
        let (writer, failure) = state.withLock { state in
            let failure: RPCError? =
                if case .failed(let error) = state.machine.phase { error } else { nil }
            return (state.unwritten.popFirst() ?? nil, failure)
        }
        switch result {
        case .success: writer?.resume()
        case .failure(let error):
            let failure =
                failure
                ?? RPCError(
                    code: .unavailable,
                    message: "the request could not be sent",
                    cause: error as? ConnectionError ?? .socket(error)
                )
            // Nobody waits for the first of them, so that all of the call hears of it; of the end of its stream from the
            // server, which says why.
            if let writer {
                writer.resume(throwing: failure)
            } else if !(error is NIOHTTP2Errors.StreamClosed) {
                give(up: failure)
            }
        }
    }

    private func happened<Result>(_ event: (inout CallMachine) -> Result) -> Result {
        var woken: (Reader, CallMachine.Taken)?
        let result = state.withLock { state in
            let result = event(&state.machine)
            if let reader = state.reader {
                let taken = state.machine.take()
                if case .nothing = taken {
                } else {
                    woken = (reader, taken)
                    state.reader = nil
                }
            }
            return result
        }
        if let (reader, taken) = woken { resume(reader, with: taken) }
        return result
    }

    private func wakeWriters() {
        let (writers, error) = state.withLock { state in
            guard case .failed(let error) = state.machine.phase else {
                return ([Writer](), RPCError.cancelledHere)
            }
            return (state.takeWriters(), error)
        }
        for writer in writers { writer.resume(throwing: error) }
    }
}

// MARK: what GRPCCore wants to see

/// Writes the request of a call.
struct RequestWriter: ClosableRPCWriterProtocol {
    let call: GRPCCall

    func write(_ part: RPCRequestPart<MessageBytes>) async throws { try await call.write(part) }

    func write(contentsOf parts: some Sequence<RPCRequestPart<MessageBytes>>) async throws {
        for part in parts { try await call.write(part) }
    }

    func finish() { call.finish() }

    func finish(throwing error: any Error) {
        call.give(
            up: error as? RPCError
                ?? RPCError(code: .unknown, message: "the request was not finished", cause: error)
        )
    }
}

/// Reads the answer of a call, once.
struct ResponseParts: AsyncSequence, Sendable {
    let call: GRPCCall

    func makeAsyncIterator() -> Iterator { Iterator(call: call) }

    struct Iterator: AsyncIteratorProtocol {
        let call: GRPCCall

        func next() async throws -> GRPCCall.Part? { try await call.next() }

        func next(isolation actor: isolated (any Actor)?) async throws(any Error)
            -> GRPCCall.Part?
        {
            try await call.next()
        }
    }
}
