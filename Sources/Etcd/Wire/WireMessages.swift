import EtcdAPI
import GRPCCore

// The answers that carry keys and values; see etcd.proto for the numbers of their fields.

extension ResponseHeader {
    init(_ reader: WireReader, in message: RawSpan) throws(WireReader.Malformed) {
        self.init()
        try read(reader, in: message)
    }

    /// Takes over what a field says; one that comes twice says all of it.
    mutating func read(
        _ reader: WireReader,
        in message: RawSpan
    ) throws(WireReader.Malformed) {
        var reader = reader
        while let (number, form) = try reader.field(in: message) {
            switch (number, form) {
            case (1, .varint): clusterID = EtcdClusterID(rawValue: try reader.varint(in: message))
            case (2, .varint): memberID = try reader.varint(in: message)
            case (3, .varint): revision = EtcdRevision(rawValue: try reader.integer(in: message))
            case (4, .varint): raftTerm = try reader.varint(in: message)
            default: try reader.skip(form, in: message)
            }
        }
    }
}

extension KeyValue {
    mutating func read(
        _ reader: WireReader,
        in message: RawSpan
    ) throws(WireReader.Malformed) {
        var reader = reader
        while let (number, form) = try reader.field(in: message) {
            switch (number, form) {
            case (1, .bytes): key = Bytes(try reader.bytes(in: message))
            case (2, .varint):
                createRevision = EtcdRevision(rawValue: try reader.integer(in: message))
            case (3, .varint): modRevision = EtcdRevision(rawValue: try reader.integer(in: message))
            case (4, .varint): version = try reader.integer(in: message)
            case (5, .bytes): value = Bytes(try reader.bytes(in: message))
            case (6, .varint): lease = EtcdLeaseID(rawValue: try reader.integer(in: message))
            default: try reader.skip(form, in: message)
            }
        }
    }
}

extension GetResponse: WireMessage {
    init(wire message: RawSpan) throws(WireReader.Malformed) {
        var (header, keyValues) = (ResponseHeader(), [KeyValue]())
        var (count, hasMore) = (Int64(0), false)
        var reader = WireReader(message)
        while let (number, form) = try reader.field(in: message) {
            switch (number, form) {
            case (1, .bytes): try header.read(try reader.message(in: message), in: message)
            case (2, .bytes):
                var keyValue = KeyValue()
                try keyValue.read(try reader.message(in: message), in: message)
                keyValues.append(keyValue)
            case (3, .varint): hasMore = try reader.varint(in: message) != 0
            case (4, .varint): count = try reader.integer(in: message)
            default: try reader.skip(form, in: message)
            }
        }
        self.init(header: header, keyValues: keyValues, count: Int(count), hasMore: hasMore)
    }
}

extension WatchEvent {
    init(_ reader: WireReader, in message: RawSpan) throws(WireReader.Malformed) {
        var (kind, keyValue) = (Kind.put, KeyValue())
        var previous: KeyValue?
        var reader = reader
        while let (number, form) = try reader.field(in: message) {
            switch (number, form) {
            case (1, .varint): kind = try reader.varint(in: message) == 1 ? .delete : .put
            case (2, .bytes): try keyValue.read(try reader.message(in: message), in: message)
            case (3, .bytes):
                var before = previous ?? KeyValue()
                try before.read(try reader.message(in: message), in: message)
                previous = before
            default: try reader.skip(form, in: message)
            }
        }
        self.init(kind: kind, keyValue: keyValue, previous: previous)
    }
}

extension EtcdClient.WatchMessage: WireMessage {
    init(wire message: RawSpan) throws(WireReader.Malformed) {
        var (header, events) = (ResponseHeader(), [WatchEvent]())
        var (isCreation, isCanceled) = (false, false)
        var compactRevision = EtcdRevision.zero
        var reason: [UInt8] = []
        var reader = WireReader(message)
        while let (number, form) = try reader.field(in: message) {
            switch (number, form) {
            case (1, .bytes): try header.read(try reader.message(in: message), in: message)
            case (3, .varint): isCreation = try reader.varint(in: message) != 0
            case (4, .varint): isCanceled = try reader.varint(in: message) != 0
            case (5, .varint):
                compactRevision = EtcdRevision(rawValue: try reader.integer(in: message))
            case (6, .bytes): reason = try reader.bytes(in: message)
            case (11, .bytes):
                events.append(try WatchEvent(try reader.message(in: message), in: message))
            default: try reader.skip(form, in: message)
            }
        }
        self.init(
            response: WatchResponse(header: header, events: events),
            isCreation: isCreation,
            isCanceled: isCanceled,
            compactRevision: compactRevision,
            cancelReason: String(decoding: reason, as: UTF8.self)
        )
    }
}

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
