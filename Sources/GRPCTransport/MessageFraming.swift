import GRPCCore
import NIOCore

/// The bytes of one message, where the connection has them.
package struct MessageBytes: GRPCContiguousBytes, Hashable, Sendable {
    var buffer: ByteBuffer

    init(_ buffer: ByteBuffer) {
        self.buffer = buffer
    }

    package init(repeating byte: UInt8, count: Int) {
        buffer = ByteBuffer(repeating: byte, count: count)
    }

    package init<Bytes: Sequence<UInt8>>(_ sequence: Bytes) {
        buffer = ByteBuffer(bytes: sequence)
    }

    package var count: Int { buffer.readableBytes }

    package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try buffer.withUnsafeReadableBytes(body)
    }

    package mutating func withUnsafeMutableBytes<R>(
        _ body: (UnsafeMutableRawBufferPointer) throws -> R
    ) rethrows -> R {
        try buffer.withUnsafeMutableReadableBytes(body)
    }
}

/// Takes the messages of a stream out of its bytes, wherever these are cut.
///
/// Each message is preceded by five bytes: whether it is compressed, and its length; see "Length-Prefixed-Message"
/// in gRPC over HTTP/2.
struct MessageDeframer {
    /// Why the bytes are no messages that can be taken.
    enum Fault: Error, Equatable {
        /// It is compressed, which nobody asked for.
        case compressed
        /// It says that it is longer than the limit, in bytes.
        case tooLarge(Int)
    }

    static let prefixLength = 5

    /// In bytes, without the prefix.
    let limit: Int
    private(set) var buffer = ByteBuffer()

    init(limit: Int) {
        self.limit = limit
    }

    /// How many bytes of a message have come that is not complete.
    var incomplete: Int { buffer.readableBytes }

    /// Adds what came next.
    mutating func append(_ bytes: ByteBuffer) {
        guard buffer.readableBytes > 0 else {
            buffer = bytes
            return
        }
        if buffer.readerIndex > 0 {
            // What was read is let go: whoever reads may hold it still, and it would grow with the stream.
            var rest = ByteBuffer()
            rest.reserveCapacity(buffer.readableBytes + bytes.readableBytes)
            rest.writeImmutableBuffer(buffer)
            buffer = rest
        }
        buffer.writeImmutableBuffer(bytes)
    }

    /// The next message; `nil` when none is complete.
    ///
    /// - Throws: ``Fault``, as soon as the prefix says so; nothing can be read after it.
    mutating func next() throws(Fault) -> MessageBytes? {
        guard let flag = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self),
            let length = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt32.self)
        else { return nil }
        guard flag == 0 else { throw .compressed }
        guard length <= limit else { throw .tooLarge(Int(length)) }
        // Its length is only a claim: memory is taken as the bytes come.
        guard buffer.readableBytes >= Self.prefixLength + Int(length) else { return nil }
        buffer.moveReaderIndex(forwardBy: Self.prefixLength)
        return buffer.readSlice(length: Int(length)).map(MessageBytes.init)
    }

    /// A message with its prefix.
    static func frame(_ message: MessageBytes) -> ByteBuffer {
        var framed = ByteBuffer()
        framed.reserveCapacity(prefixLength + message.count)
        framed.writeInteger(UInt8(0))
        framed.writeInteger(UInt32(clamping: message.count))
        framed.writeImmutableBuffer(message.buffer)
        return framed
    }
}
