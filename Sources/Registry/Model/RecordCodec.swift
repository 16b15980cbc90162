internal import FoundationEssentials
public import Texts

/// The reason why a value under the prefix is not an endpoint.
public enum RecordFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// Longer than ``RecordLimits/valueBytes``.
    case tooLong
    /// Neither a record of ours, nor what Go's resolver writes, nor a bare `host:port`.
    case unreadable
    /// Its address is not a `host:port`.
    case badAddress
    /// Written by a version that gave something a new meaning; with its schema.
    case newerSchema(Int)
    /// A member of it is something else than it has to be.
    case badMember(String, mustBe: String)
    /// Nobody can reach an endpoint at its address.
    case unusableAddress(String, HostAddress.Unusable)
    /// Something in it is beyond the limits; with what, as a sentence.
    case beyondLimits(String)

    /// A sentence without its end.
    public var description: String {
        switch self {
        case .tooLong: "the value is longer than \(RecordLimits.valueBytes) bytes"
        case .unreadable:
            "the value is neither a record of discoveryd, nor one of Go's gRPC naming, nor HOST:PORT"
        case .badAddress: "the value has no usable HOST:PORT as its Addr"
        case .newerSchema(let schema):
            "the record has schema \(schema), this version reads up to \(RecordCodec.schema); upgrade "
                + "this host"
        case .badMember(let name, let wanted): "\(name) must be \(wanted)"
        case .unusableAddress(let address, let why): "the address \(address) \(why)"
        case .beyondLimits(let what): what
        }
    }
}

/// The content of a value, apart from its key.
public struct Record: Hashable, Sendable {
    /// The instance, with the key it was found under.
    public var instance: ServiceInstance
    /// The state of the instance.
    public var state: EndpointState
    /// The host that wrote it, when it says so.
    public var owner: OwnerID?
}

/// Writes and reads the value of a key.
///
/// Written: JSON that Go's gRPC naming resolver reads as it is, ours in the member `discoveryd`
/// beside it. (Not in `Metadata`: an object there makes Go's `round_robin` panic.) Read: that, Go's
/// own values, and a bare `host:port`; unknown members are ignored.
public enum RecordCodec {
    /// Rises only when a member is removed or changes its meaning.
    public static let schema = 1

    /// The value of an instance; the same instance gives the same bytes.
    ///
    /// - Parameters:
    ///   - owner: The host's id, by which it knows its own keys again.
    ///   - host: What the host calls itself, for people.
    public static func encode(
        _ instance: ServiceInstance,
        owner: OwnerID,
        host: String? = nil,
        state: EndpointState = .up
    ) -> [UInt8] {
        var json = JSONText()
        json.openObject()
        json.name("Op")
        json.number(0)
        json.name("Addr")
        json.string(instance.address.joined(port: instance.port))
        json.name("discoveryd")
        json.openObject()
        json.name("schema")
        json.number(schema)
        json.name("service")
        json.string(instance.key.service.text)
        json.name("id")
        json.string(instance.key.instance.text)
        json.name("owner")
        json.string(owner.text)
        if let host {
            json.name("host")
            json.string(host)
        }
        json.members(of: instance)
        json.name("state")
        json.string(state.rawValue)
        json.closeObject()
        json.closeObject()
        return json.bytes
    }

    /// What the host calls itself that wrote a value: 1 to 255 bytes without controls. It is no part of the
    /// record: nothing follows from it.
    public static func host(in value: [UInt8]) -> String? {
        struct Wire: Decodable {
            struct Ours: Decodable {
                let host: String?
            }
            let discoveryd: Ours?
        }
        guard value.count <= RecordLimits.valueBytes,
            let wire = try? JSONDecoder().decode(Wire.self, from: Data(value)),
            let host = wire.discoveryd?.host, !host.isEmpty,
            RecordLimits.fault(inText: host, limit: 255) == nil
        else { return nil }
        return host
    }

    /// Reads the value of a key.
    ///
    /// - Throws: ``RecordFault``; whatever the bytes are, nothing worse.
    public static func decode(_ value: [UInt8], key: ServiceKey) throws(RecordFault) -> Record {
        guard value.count <= RecordLimits.valueBytes else { throw .tooLong }
        guard let first = value.first(where: { !isSpace($0) }) else { throw .unreadable }
        let wire: Wire
        if first == UInt8(ascii: "{") {
            do {
                wire = try JSONDecoder().decode(Wire.self, from: Data(value))
            } catch {
                throw fault(error)
            }
        } else {
            guard let text = String(validating: value, as: UTF8.self) else { throw .unreadable }
            // As `etcdctl put` leaves it that reads a file.
            wire = Wire(address: trimmed(text), discoveryd: nil)
        }
        return try record(wire, key: key)
    }

    /// Describes an error in JSON, or in one member of it.
    private static func fault(_ error: any Error) -> RecordFault {
        let path: [any CodingKey] =
            switch error {
            case DecodingError.typeMismatch(_, let context),
                DecodingError.valueNotFound(_, let context),
                DecodingError.dataCorrupted(let context):
                context.codingPath
            default: []
            }
        guard let member = path.first.flatMap({ Wire.CodingKeys(stringValue: $0.stringValue) })
        else { return .unreadable }
        guard member == .discoveryd else {
            return .badMember(member.rawValue, mustBe: "a string, such as \"10.0.0.5:8080\"")
        }
        let inner = path.dropFirst().first.flatMap { Ours.CodingKeys(stringValue: $0.stringValue) }
        guard let inner else { return .badMember(member.rawValue, mustBe: "an object") }
        return .badMember(inner.rawValue, mustBe: inner.wanted)
    }

    private static func trimmed(_ text: String) -> String {
        let bytes = text.utf8
        guard let first = bytes.firstIndex(where: { !isSpace($0) }),
            let last = bytes.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(text[first...last])
    }

    private struct Wire: Decodable {
        let address: String?
        let discoveryd: Ours?

        enum CodingKeys: String, CodingKey {
            case address = "Addr"
            case discoveryd
        }
    }

    /// An integer. Of one with too many digits the decoder itself says only that something is no JSON.
    private struct WholeNumber: Decodable {
        let value: Int

        init(from decoder: any Decoder) throws {
            do {
                value = try decoder.singleValueContainer().decode(Int.self)
            } catch {
                let context = DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription: "no whole number"
                )
                throw DecodingError.typeMismatch(Int.self, context)
            }
        }
    }

    private struct Ours: Decodable {
        let schema: WholeNumber?
        let owner: String?
        let weight: WholeNumber?
        let zone: String?
        let tags: [String]?
        let meta: [String: String]?
        let state: String?

        enum CodingKeys: String, CodingKey {
            case schema, owner, weight, zone, tags, meta, state

            /// The expected type of its value.
            var wanted: String {
                switch self {
                case .schema: "a whole number"
                case .weight: "a whole number from 0 to 65535, without quotes"
                case .owner, .zone, .state: "a string"
                case .tags: "an array of strings"
                case .meta: "an object of strings"
                }
            }
        }
    }

    private static func record(_ wire: Wire, key: ServiceKey) throws(RecordFault) -> Record {
        guard let (address, port) = wire.address.flatMap({ HostAddress.split($0) }) else {
            throw .badAddress
        }
        if let why = address.unusable { throw .unusableAddress(address.text, why) }
        let ours = wire.discoveryd
        if let schema = ours?.schema?.value, schema > Self.schema { throw .newerSchema(schema) }
        let weight = ours?.weight?.value ?? Int(ServiceInstance.standardWeight)
        guard let weight = UInt16(exactly: weight) else {
            throw .beyondLimits("weight must be 0 to 65535, is \(weight)")
        }
        let instance = ServiceInstance(
            key: key,
            address: address,
            port: port,
            weight: weight,
            zone: ours?.zone,
            tags: ours?.tags ?? [],
            meta: ours?.meta ?? [:]
        )
        if let fault = RecordLimits.fault(in: instance) { throw .beyondLimits(fault) }
        return Record(
            instance: instance,
            state: EndpointState(read: ours?.state),
            owner: ours?.owner.flatMap { OwnerID($0) }
        )
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0d).contains(byte)
    }
}

extension JSONText {
    /// `weight`, `zone`, `tags` and `meta`: the members that a record and a list have in common.
    package mutating func members(of instance: ServiceInstance) {
        member("weight")
        number(instance.weight)
        if let zone = instance.zone {
            member("zone")
            string(zone)
        }
        member("tags")
        openArray()
        for tag in instance.tags { string(tag) }
        closeArray()
        member("meta")
        openObject()
        if instance.meta.count > 1 {
            for (key, value) in instance.meta.sorted(by: { $0.key < $1.key }) {
                name(key)
                string(value)
            }
        } else if let (key, value) = instance.meta.first {
            name(key)
            string(value)
        }
        closeObject()
    }
}
