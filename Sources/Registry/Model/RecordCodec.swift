internal import FoundationEssentials

/// Why a value found under the prefix is not an endpoint.
public enum RecordFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// Longer than ``RecordLimits/valueBytes``.
    case tooLong
    /// Neither a record of ours, nor what Go's resolver writes, nor a bare `host:port`.
    case unreadable
    /// Its address is not a `host:port`.
    case badAddress
    /// Written by a version that gave something a new meaning; with its schema.
    case newerSchema(Int)
    /// Something in it is beyond the limits; with what, as the end of a sentence.
    case beyondLimits(String)

    /// The end of a sentence that starts with the key.
    public var description: String {
        switch self {
        case .tooLong: "is longer than \(RecordLimits.valueBytes) bytes"
        case .unreadable:
            "is neither a record of discoveryd, nor one of Go's gRPC naming, nor HOST:PORT"
        case .badAddress: "has no usable HOST:PORT as its address"
        case .newerSchema(let schema):
            "has schema \(schema), this version reads up to \(RecordCodec.schema); upgrade this host"
        case .beyondLimits(let what): what
        }
    }
}

/// What a value says, apart from its key.
public struct Record: Hashable, Sendable {
    /// The instance, with the key it was found under.
    public var instance: ServiceInstance
    /// What its owner says of its willingness.
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
    public static func encode(
        _ instance: ServiceInstance,
        owner: OwnerID,
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
        json.members(of: instance)
        json.name("state")
        json.string(state.rawValue)
        json.closeObject()
        json.closeObject()
        return json.bytes
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
                throw .unreadable
            }
        } else {
            guard let text = String(validating: value, as: UTF8.self) else { throw .unreadable }
            wire = Wire(address: text, discoveryd: nil)
        }
        return try record(wire, key: key)
    }

    private struct Wire: Decodable {
        let address: String?
        let discoveryd: Ours?

        enum CodingKeys: String, CodingKey {
            case address = "Addr"
            case discoveryd
        }
    }

    private struct Ours: Decodable {
        let schema: Int?
        let owner: String?
        let weight: Int?
        let zone: String?
        let tags: [String]?
        let meta: [String: String]?
        let state: String?
    }

    private static func record(_ wire: Wire, key: ServiceKey) throws(RecordFault) -> Record {
        guard let (address, port) = wire.address.flatMap({ HostAddress.split($0) }) else {
            throw .badAddress
        }
        let ours = wire.discoveryd
        if let schema = ours?.schema, schema > Self.schema { throw .newerSchema(schema) }
        let weight = ours?.weight ?? Int(ServiceInstance.standardWeight)
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
