import Texts

/// Reads the values of many keys, one after the other.
///
/// What discoveryd and Go write is read in one pass over the bytes. Anything unusual (white space,
/// escapes, other alphabets, members in another order, and all that is wrong) goes to
/// ``RecordCodec/decode(_:key:)``, which alone says why a value is refused.
///
/// The records of one service mostly differ in their address and their owner only, and a host owns
/// several. So zones, tags, meta and owners that recur are recognised by their bytes, and what was made
/// of them is used again; the records then share its memory.
public struct RecordReader: Sendable {
    private enum Member: String, CaseIterable {
        case op = "Op"
        case address = "Addr"
        /// A member of Go's own records; ignored.
        case metadata = "Metadata"
        case ours = "discoveryd"
    }

    private enum OurMember: String, CaseIterable {
        case schema, service, id, owner, host, weight, zone, tags, meta, state
    }

    private let members = MemberNames<Member>()
    private let ourMembers = MemberNames<OurMember>()
    private var owners = RecentRuns<OwnerID>()
    private var labels = RecentRuns<Labels>()

    /// A reader that has met no record yet.
    public init() {}

    /// Reads the value of a key.
    ///
    /// - Throws: ``RecordFault``; the same answer and the same refusal as those of
    ///   ``RecordCodec/decode(_:key:)``.
    public mutating func read(_ value: [UInt8], key: ServiceKey) throws(RecordFault) -> Record {
        if let record = readUsual(value, key: key) { return record }
        return try RecordCodec.decode(value, key: key)
    }

    /// Reads a value of one of the usual shapes, or is `nil`: it has another, or is to be refused.
    mutating func readUsual(_ value: [UInt8], key: ServiceKey) -> Record? {
        guard value.count <= RecordLimits.valueBytes else { return nil }
        guard value.first == UInt8(ascii: "{") else {
            guard let (address, port) = HostAddress.split(value.span), address.unusable == nil
            else { return nil }
            return Record(
                instance: ServiceInstance(key: key, address: address, port: port),
                state: .up,
                owner: nil
            )
        }
        var json = PlainJSON(value)
        var parts = Parts()
        guard readWhole(&json, into: &parts), json.isAtEnd,
            let (address, port) = parts.address, address.unusable == nil
        else { return nil }
        let instance = ServiceInstance(
            key: key,
            address: address,
            port: port,
            weight: parts.weight,
            zone: parts.labels.zone,
            sortedTags: parts.labels.tags,
            meta: parts.labels.meta
        )
        if !parts.labels.areChecked {
            guard RecordLimits.fault(in: instance) == nil else { return nil }
            if let start = parts.labelsStart, let end = parts.labelsEnd {
                parts.labels.areChecked = true
                labels.keep(parts.labels, for: value[start..<end])
            }
        }
        return Record(instance: instance, state: parts.state, owner: parts.owner)
    }

    /// Zone, tags and meta: they mostly recur from record to record, and together.
    private struct Labels: Sendable {
        var zone: String?
        /// Sorted and unique.
        var tags: [String] = []
        var meta: [String: String] = [:]
        /// Whether they are known to be within ``RecordLimits``.
        var areChecked = false
    }

    /// The parts of a record that have been read so far.
    private struct Parts {
        var address: (address: HostAddress, port: UInt16)?
        var owner: OwnerID?
        var weight = ServiceInstance.standardWeight
        var labels = Labels()
        /// Where the first of the labels begins.
        var labelsStart: Int?
        /// Where the last of them ends, when they were read and not recalled.
        var labelsEnd: Int?
        var state = EndpointState.up
    }

    private mutating func readWhole(_ json: inout PlainJSON, into parts: inout Parts) -> Bool {
        guard json.take("{") else { return false }
        var place = 0
        repeat {
            let isRead =
                switch members.next(in: &json, after: &place) {
                case .known(.op), .known(.metadata), .unknown: json.scalar()
                case .known(.address): readAddress(&json, into: &parts)
                case .known(.ours): readOurs(&json, into: &parts)
                case .refused: false
                }
            guard isRead else { return false }
        } while json.take(",")
        return json.take("}")
    }

    private mutating func readOurs(_ json: inout PlainJSON, into parts: inout Parts) -> Bool {
        guard json.take("{") else { return false }
        var place = 0
        repeat {
            let start = json.position
            let isRead =
                switch ourMembers.next(in: &json, after: &place) {
                case .known(.service), .known(.id), .known(.host), .unknown: json.scalar()
                case .known(.schema): json.integer().map { $0 <= RecordCodec.schema } == true
                case .known(.owner): readOwner(&json, into: &parts)
                case .known(.weight): readWeight(&json, into: &parts)
                case .known(.state): readState(&json, into: &parts)
                case .known(let label):
                    recallLabels(&json, from: start, into: &parts, place: &place)
                        || readLabel(label, &json, into: &parts)
                case .refused: false
                }
            guard isRead else { return false }
        } while json.take(",")
        return json.take("}")
    }

    private func readAddress(_ json: inout PlainJSON, into parts: inout Parts) -> Bool {
        guard let content = json.string() else { return false }
        parts.address = HostAddress.split(json.bytes.span.extracting(content))
        return parts.address != nil
    }

    private mutating func readOwner(_ json: inout PlainJSON, into parts: inout Parts) -> Bool {
        let start = json.position
        if let known = owners.take(from: &json, at: start) {
            parts.owner = known
            return true
        }
        guard let text = json.text() else { return false }
        // A record whose owner cannot be read is one without an owner.
        parts.owner = OwnerID(text)
        if let owner = parts.owner { owners.keep(owner, for: json.bytes[start..<json.position]) }
        return true
    }

    private func readWeight(_ json: inout PlainJSON, into parts: inout Parts) -> Bool {
        guard let weight = json.integer().flatMap({ UInt16(exactly: $0) }) else { return false }
        parts.weight = weight
        return true
    }

    private func readState(_ json: inout PlainJSON, into parts: inout Parts) -> Bool {
        guard let text = json.text() else { return false }
        parts.state = EndpointState(read: text)
        return true
    }

    /// Takes all labels at once where those that begin at `start` were met before.
    private mutating func recallLabels(
        _ json: inout PlainJSON,
        from start: Int,
        into parts: inout Parts,
        place: inout Int
    ) -> Bool {
        guard parts.labelsStart == nil else { return false }
        parts.labelsStart = start
        guard let known = labels.take(from: &json, at: start) else { return false }
        parts.labels = known
        place = ourMembers.place(after: .meta)
        return true
    }

    private func readLabel(
        _ label: OurMember,
        _ json: inout PlainJSON,
        into parts: inout Parts
    ) -> Bool {
        switch label {
        case .zone:
            guard let zone = json.text() else { return false }
            parts.labels.zone = zone
        case .tags:
            guard let tags = json.texts() else { return false }
            let areSorted = zip(tags, tags.dropFirst()).allSatisfy { $0 < $1 }
            parts.labels.tags = areSorted ? tags : Set(tags).sorted()
        case .meta:
            guard let meta = json.textsByName() else { return false }
            parts.labels.meta = meta
            parts.labelsEnd = json.position
        default:
            return false
        }
        return true
    }
}
