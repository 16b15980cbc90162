import Glibc
import Registry

/// An IP address as the kernel says it.
struct RawAddress: Hashable, Sendable {
    /// The families of IP; see ip(7) and ipv6(7).
    enum Family: UInt8, CaseIterable, Sendable {
        case ipv4 = 2
        case ipv6 = 10

        var bytes: Int { self == .ipv4 ? 4 : 16 }
    }

    let family: Family
    let bytes: [UInt8]

    /// `nil` when there are not as many bytes as the family has.
    init?(_ family: Family, _ bytes: ArraySlice<UInt8>?) {
        guard let bytes, bytes.count == family.bytes else { return nil }
        self.family = family
        self.bytes = [UInt8](bytes)
    }

    /// As people write it; see inet_ntop(3).
    var text: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(Int32(family.rawValue), bytes, &text, socklen_t(text.count)) != nil else {
            return ""
        }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// A way to everywhere: a default route of the main table.
struct DefaultRoute: Hashable, Sendable {
    /// See rtnetlink(7) and linux/rtnetlink.h.
    private enum Attribute {
        static let destination: UInt16 = 1
        static let interface: UInt16 = 4
        static let gateway: UInt16 = 5
        static let priority: UInt16 = 6
        static let preferredSource: UInt16 = 7
        static let multipath: UInt16 = 9
        static let table: UInt16 = 15
    }

    static let headerBytes = 12
    static let mainTable: UInt8 = 254
    /// A gateway or the interface itself; others lead nowhere.
    static let unicast: UInt8 = 1
    /// Of a route and of one of its ways: the interface is away.
    private static let isDead: UInt8 = 1
    /// A copy that the kernel has made for one destination.
    private static let isCopy: UInt32 = 0x200
    private static let wayBytes = 8

    let family: RawAddress.Family
    /// Of several the least counts.
    let metric: UInt32
    /// The number of the interface.
    let interface: UInt32
    /// Whom packets are given to; none where the interface leads there itself, or to a gateway of another
    /// family.
    let gateway: RawAddress?
    /// The source that the route asks for.
    let preferredSource: RawAddress?

    init(
        family: RawAddress.Family,
        metric: UInt32,
        interface: UInt32,
        gateway: RawAddress?,
        preferredSource: RawAddress?
    ) {
        self.family = family
        self.metric = metric
        self.interface = interface
        self.gateway = gateway
        self.preferredSource = preferredSource
    }

    /// Reads one; `nil` for any other message. Of a route with several ways the first is taken that is alive.
    init?(_ message: NetlinkMessage) {
        let body = message.body
        guard message.kind == NetlinkMessage.Kind.newRoute,
            let family = body.number(at: 0, as: UInt8.self).flatMap(
                RawAddress.Family.init(rawValue:)
            ),
            let flags = body.number(at: 8, as: UInt32.self)
        else { return nil }
        // To anywhere, from anywhere, for all kinds of traffic.
        let header = body.prefix(8)
        guard header.dropFirst(1).prefix(3).allSatisfy({ $0 == 0 }),
            header.dropFirst(7).first == Self.unicast,
            flags & (Self.isCopy | UInt32(Self.isDead)) == 0
        else { return nil }
        let attributes = NetlinkAttributes(body.dropFirst(Self.headerBytes))
        let table =
            attributes.number(Attribute.table) ?? header.dropFirst(4).first.map { UInt32($0) }
        guard table == UInt32(Self.mainTable) else { return nil }
        let way: (interface: UInt32, attributes: NetlinkAttributes)
        if let ways = attributes[Attribute.multipath] {
            guard let alive = Self.firstAlive(ways) else { return nil }
            way = alive
        } else {
            guard let interface = attributes.number(Attribute.interface) else { return nil }
            way = (interface, attributes)
        }
        self.init(
            family: family,
            metric: attributes.number(Attribute.priority) ?? 0,
            interface: way.interface,
            gateway: RawAddress(family, way.attributes[Attribute.gateway]),
            preferredSource: RawAddress(family, attributes[Attribute.preferredSource])
        )
    }

    private static func firstAlive(
        _ ways: ArraySlice<UInt8>
    ) -> (UInt32, NetlinkAttributes)? {
        var rest = ways
        while let length = rest.number(at: 0, as: UInt16.self).map(Int.init),
            let flags = rest.number(at: 2, as: UInt8.self),
            let interface = rest.number(at: 4, as: UInt32.self),
            length >= wayBytes, length <= rest.count
        {
            if flags & isDead == 0 {
                return (interface, NetlinkAttributes(rest.prefix(length).dropFirst(wayBytes)))
            }
            rest = rest.dropFirst(NetlinkMessage.aligned(length))
        }
        return nil
    }

    /// Asks for the routes of a family, in the main table where the kernel can choose.
    static func question(_ family: RawAddress.Family) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: headerBytes)
        header[0] = family.rawValue
        header[4] = mainTable
        header[7] = unicast
        return header
    }

    /// Asks for the way to one destination over an interface.
    static func question(to destination: RawAddress, over interface: UInt32) -> [UInt8] {
        var question = [UInt8](repeating: 0, count: headerBytes)
        question[0] = destination.family.rawValue
        question[1] = UInt8(clamping: destination.bytes.count * 8)
        question += NetlinkAttributes.bytes(Attribute.destination, destination.bytes)
        let number = withUnsafeBytes(of: interface) { [UInt8]($0) }
        return question + NetlinkAttributes.bytes(Attribute.interface, number)
    }

    /// The source of packets on the way that a message tells of.
    static func source(in message: NetlinkMessage) -> RawAddress? {
        guard message.kind == NetlinkMessage.Kind.newRoute,
            let family = message.body.number(at: 0, as: UInt8.self).flatMap(
                RawAddress.Family.init(rawValue:)
            )
        else { return nil }
        let attributes = NetlinkAttributes(message.body.dropFirst(headerBytes))
        return RawAddress(family, attributes[Attribute.preferredSource])
    }
}

/// An address of an interface of this host.
struct InterfaceAddress: Hashable, Sendable {
    /// See rtnetlink(7) and linux/if_addr.h.
    private enum Attribute {
        static let address: UInt16 = 1
        static let local: UInt16 = 2
        static let flags: UInt16 = 8
    }

    /// See linux/if_addr.h. The first of them is "secondary" for IPv4, which says nothing against an address.
    private enum Flag {
        static let temporary: UInt32 = 0x01
        static let duplicate: UInt32 = 0x08
        static let deprecated: UInt32 = 0x20
        static let tentative: UInt32 = 0x40
    }

    private static let headerBytes = 8
    private static let universe: UInt8 = 0

    let address: RawAddress
    let interface: UInt32
    /// Whether it means the same everywhere.
    let isGlobal: Bool
    /// Whether it is there to stay: not still being tried, about to go, or made up for a while.
    let isLasting: Bool

    init(_ address: RawAddress, interface: UInt32, isGlobal: Bool = true, isLasting: Bool = true) {
        self.address = address
        self.interface = interface
        self.isGlobal = isGlobal
        self.isLasting = isLasting
    }

    /// Reads one; `nil` for any other message.
    init?(_ message: NetlinkMessage) {
        let body = message.body
        guard message.kind == NetlinkMessage.Kind.newAddress,
            let family = body.number(at: 0, as: UInt8.self).flatMap(
                RawAddress.Family.init(rawValue:)
            ),
            let fewFlags = body.number(at: 2, as: UInt8.self),
            let scope = body.number(at: 3, as: UInt8.self),
            let interface = body.number(at: 4, as: UInt32.self)
        else { return nil }
        let attributes = NetlinkAttributes(body.dropFirst(Self.headerBytes))
        // With a peer the other one is the peer's.
        let own = attributes[Attribute.local] ?? attributes[Attribute.address]
        guard let address = RawAddress(family, own) else { return nil }
        var against = Flag.duplicate | Flag.deprecated | Flag.tentative
        if family == .ipv6 { against |= Flag.temporary }
        let flags = attributes.number(Attribute.flags) ?? UInt32(fewFlags)
        self.init(
            address,
            interface: interface,
            isGlobal: scope == Self.universe,
            isLasting: flags & against == 0
        )
    }

    /// Asks for the addresses of a family.
    static func question(_ family: RawAddress.Family) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: headerBytes)
        header[0] = family.rawValue
        return header
    }
}
