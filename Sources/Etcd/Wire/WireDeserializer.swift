import GRPCCore

/// A message that is read from the wire by hand.
protocol WireMessage: Sendable {
    /// Reads a whole message.
    ///
    /// - Throws: ``WireReader/Malformed``, whatever the bytes are; nothing worse.
    init(wire message: RawSpan) throws(WireReader.Malformed)
}

/// Reads such messages from where the connection has them.
struct WireDeserializer<Message: WireMessage>: MessageDeserializer {
    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> Message {
        do {
            return try bytes.withUnsafeBytes { try Message(wire: $0.bytes) }
        } catch {
            throw RPCError(
                code: .internalError,
                message: "the server's answer is not a message of etcd",
                cause: error
            )
        }
    }
}
