import GRPCCore
import NIOHPACK

/// The HTTP/2 fields that gRPC's calls consist of, beside their messages. Source: gRPC over HTTP/2.
enum CallHeaders {
    /// The fields that begin a call.
    ///
    /// - Parameter metadata: Of the call; `grpc-timeout` is among it.
    static func request(
        _ method: MethodDescriptor,
        scheme: String,
        authority: String,
        metadata: Metadata
    ) -> HPACKHeaders {
        var fields = HPACKHeaders()
        fields.reserveCapacity(7 + metadata.count)
        fields.add(name: ":method", value: "POST")
        fields.add(name: ":scheme", value: scheme)
        fields.add(name: ":path", value: "/\(method.fullyQualifiedMethod)")
        fields.add(name: ":authority", value: authority)
        // Asks for the trailers, without which there is no status.
        fields.add(name: "te", value: "trailers")
        fields.add(name: "content-type", value: "application/grpc")
        fields.add(name: "user-agent", value: "grpc-swift")
        for (key, value) in metadata {
            let name = key.lowercased()
            fields.add(name: name, value: value.encoded(), indexing: indexing(name))
        }
        return fields
    }

    /// Secrets are not kept in the tables of those in between (RFC 7541 §7.1.3); times left are never the same twice.
    private static func indexing(_ name: String) -> HPACKIndexing {
        switch name {
        case "token", "authorization": .neverIndexed
        case "grpc-timeout": .nonIndexable
        default: .indexable
        }
    }

    /// The meaning of a server's first fields, or of its last.
    enum Answer {
        /// 1xx: the answer itself follows (RFC 9113 §8.1).
        case informational
        /// Messages follow.
        case begins(Metadata)
        /// The call is over.
        case ends(Status, Metadata)
    }

    /// Reads the first fields of an answer.
    ///
    /// - Parameter isLast: Whether nothing follows them: a call that is refused has a single set.
    static func first(_ fields: HPACKHeaders, isLast: Bool) -> Answer {
        let status = fields.first(name: ":status").flatMap { Int($0) } ?? 0
        if (100..<200).contains(status), !isLast { return .informational }
        let type = fields.first(name: "content-type")
        let isGRPC = type.map { $0.hasPrefix("application/grpc") } ?? false
        if isLast, self.status(of: fields) != nil { return last(fields) }
        guard status == 200, isGRPC else {
            // A proxy, or something that is no gRPC server at all.
            return .ends(Status(httpStatus: status, type: type), metadata(fields))
        }
        return isLast ? last(fields) : .begins(metadata(fields))
    }

    /// Reads the trailers.
    static func last(_ fields: HPACKHeaders) -> Answer {
        let status =
            status(of: fields)
            ?? Status(code: .unknown, message: "the server ended the call without a status")
        return .ends(status, metadata(fields))
    }

    private static func status(of fields: HPACKHeaders) -> Status? {
        guard let text = fields.first(name: "grpc-status") else { return nil }
        let message = fields.first(name: "grpc-message").map(percentDecoded) ?? ""
        guard let code = Int(text).flatMap(Status.Code.init(rawValue:)) else {
            return Status(code: .unknown, message: message)
        }
        return Status(code: code, message: message)
    }

    private static func metadata(_ fields: HPACKHeaders) -> Metadata {
        var metadata = Metadata()
        for (name, value, _) in fields where !name.hasPrefix(":") {
            switch name {
            case "grpc-status", "grpc-message", "content-type": break
            default: metadata.addString(value, forKey: name)
            }
        }
        return metadata
    }

    /// A text without its `%E2%82%AC`; what is no such thing stays as it is.
    static func percentDecoded(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = hexadecimal(rest.prefix(2)) {
                bytes.append(value)
                rest.removeFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt8? {
        guard digits.count == 2,
            digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit })
        else { return nil }
        return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}

extension Status {
    /// Gives an answer without gRPC's own status one by its HTTP status; see "HTTP to gRPC Status Code Mapping".
    init(httpStatus status: Int, type: String?) {
        let code: Code =
            switch status {
            case 400: .internalError
            case 401: .unauthenticated
            case 403: .permissionDenied
            case 404: .unimplemented
            case 429, 502, 503, 504: .unavailable
            default: .unknown
            }
        let kind = type.map { " of type \($0.prefix(64))" } ?? ""
        self.init(
            code: code,
            message: "the server answered with HTTP status \(status)\(kind), not with gRPC"
        )
    }
}
