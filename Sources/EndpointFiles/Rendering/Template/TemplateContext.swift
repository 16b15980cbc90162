package import Mustache
import Registry
import Texts

// What a template sees; discoveryd-formats(5), "template", describes it for its authors. Members are made when they are
// asked for: a list of thousands costs what the template shows of it.

/// The names that a template can ask for, wherever in it.
package enum TemplateVocabulary {
    /// The members of what is below.
    package static let names = [
        "address", "addr", "cluster_id", "create_revision", "draining", "endpoint_count",
        "endpoints", "first", "host",
        "id", "ipv4", "ipv6", "last", "lease", "meta", "meta_list", "mod_revision", "name", "owner",
        "port", "preferred",
        "prefix", "revision", "service", "service_count", "services", "state", "tag", "tag_list",
        "tags", "value",
        "version", "wants_traffic", "weight", "zone",
    ]

    /// The part of a name that no list has, whatever is in it; `nil` where it may find something.
    ///
    /// What stands below `meta` is up to whoever registers services.
    package static func unknownPart(of use: MustacheUse) -> String? {
        guard !use.sections.contains(where: { $0.contains("meta") }) else { return nil }
        for part in use.name {
            guard names.contains(part) else { return part }
            if part == "meta" { return nil }
        }
        return nil
    }
}

/// The top: the list, and the host that shows it.
struct ListContext: MustacheObject {
    let host: ListTemplate.Host
    let source: ListOrigin
    let revision: Revision
    let services: [ServiceContext]

    func member(_ name: String) -> MustacheValue? {
        switch name {
        case "services": .list(services.map { .object($0) })
        case "service_count": .number("\(services.count)")
        case "endpoint_count": .number("\(services.reduce(0) { $0 + $1.endpoints.count })")
        case "revision": .tracked(revision.description)
        case "prefix": .string(source.prefix.text)
        case "cluster_id": .string(source.clusterID.description)
        case "host": .object(HostContext(host: host))
        default: nil
        }
    }
}

/// This host.
private struct HostContext: MustacheObject {
    let host: ListTemplate.Host

    func member(_ name: String) -> MustacheValue? {
        switch name {
        case "name": .string(host.name)
        // There, if only to say that there is none.
        case "zone": host.zone.map { .string($0) } ?? .null
        default: nil
        }
    }
}

/// A service, with the endpoints of it that are shown.
struct ServiceContext: MustacheObject {
    let service: ServiceName
    var endpoints: [Endpoint]
    let names: TemplateNames
    /// The tiers of its endpoints; `nil` where no zone is preferred.
    var tiers: ZoneTiers?
    var isFirst = false
    var isLast = false

    var origin: String? { service.text }

    func member(_ name: String) -> MustacheValue? {
        switch name {
        case "name": .string(names.spell(service.text))
        case "endpoints":
            .list(
                endpoints.enumerated().map { place, endpoint in
                    .object(
                        EndpointContext(
                            endpoint: endpoint,
                            names: names,
                            isPreferred: tiers?.prefers(endpoint.instance.zone) ?? true,
                            isFirst: place == 0,
                            isLast: place == endpoints.count - 1
                        )
                    )
                }
            )
        case "endpoint_count": .number("\(endpoints.count)")
        case "first": .bool(isFirst)
        case "last": .bool(isLast)
        default: nil
        }
    }
}

/// An endpoint.
struct EndpointContext: MustacheObject {
    let endpoint: Endpoint
    let names: TemplateNames
    var isPreferred = true
    var isFirst = false
    var isLast = false

    var origin: String? { Self.origin(of: endpoint) }

    /// The origin that a value of it counts against. A name holds no slash, so this is none of a service.
    static func origin(of endpoint: Endpoint) -> String { endpoint.instance.key.description }

    func member(_ name: String) -> MustacheValue? {
        let instance = endpoint.instance
        return switch name {
        case "id": .string(names.spell(instance.key.instance.text))
        case "addr": .string(instance.address.joined(port: instance.port))
        case "address": .string(instance.address.text)
        case "port": .number("\(instance.port)")
        case "weight": .number("\(instance.weight)")
        case "service": .string(names.spell(instance.key.service.text))
        // There, if only to say that there is none: nothing around an endpoint has a zone of its own.
        case "zone": instance.zone.map { .string($0) } ?? .null
        case "tags": .list(instance.tags.map { .string($0) })
        case "tag_list":
            .list(
                EntryContext.list(instance.tags.map { (nil, $0) }, value: "tag")
            )
        case "meta": .object(MetaContext(meta: instance.meta))
        case "meta_list":
            .list(
                EntryContext.list(
                    instance.meta.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                        .map { ($0.key, $0.value) },
                    value: "value"
                )
            )
        case "state": .string(endpoint.state.rawValue)
        case "draining": .bool(endpoint.state != .up)
        case "wants_traffic": .bool(endpoint.wantsTraffic)
        case "preferred": .bool(isPreferred)
        case "ipv4": .bool(instance.address.family == .ipv4)
        case "ipv6": .bool(instance.address.family == .ipv6)
        case "owner": endpoint.owner.map { .string($0.text) } ?? .null
        case "create_revision": .number(endpoint.createRevision.description)
        case "mod_revision": .number(endpoint.modRevision.description)
        case "version": .number("\(endpoint.version)")
        case "lease": .string(Self.hexadecimal(endpoint.lease))
        case "first": .bool(isFirst)
        case "last": .bool(isLast)
        default: nil
        }
    }

    /// All texts of it that others wrote.
    var texts: [(name: String, text: String)] {
        let instance = endpoint.instance
        var texts = [
            ("id", names.spell(instance.key.instance.text)),
            ("addr", instance.address.joined(port: instance.port)),
            ("address", instance.address.text),
        ]
        if let zone = instance.zone { texts.append(("zone", zone)) }
        if let owner = endpoint.owner { texts.append(("owner", owner.text)) }
        texts += instance.tags.map { ("tags", $0) }
        for (name, value) in instance.meta.sorted(by: { $0.key < $1.key }) {
            texts += [("meta_list", name), ("meta", value)]
        }
        return texts
    }

    private static func hexadecimal(_ lease: LeaseID) -> String {
        var digits: [UInt8] = []
        digits.appendHexadecimal(UInt64(bitPattern: lease.rawValue))
        return String(decoding: digits, as: UTF8.self)
    }
}

/// The meta entries of an endpoint, by name.
private struct MetaContext: MustacheObject {
    let meta: [String: String]

    func member(_ name: String) -> MustacheValue? { meta[name].map { .string($0) } }
}

/// A tag or a meta entry, for lists that need a separator.
private struct EntryContext: MustacheObject {
    let name: String?
    let value: (name: String, text: String)
    let isFirst: Bool
    let isLast: Bool

    static func list(_ entries: [(String?, String)], value: String) -> [MustacheValue] {
        entries.enumerated().map { place, entry in
            .object(
                EntryContext(
                    name: entry.0,
                    value: (value, entry.1),
                    isFirst: place == 0,
                    isLast: place == entries.count - 1
                )
            )
        }
    }

    func member(_ name: String) -> MustacheValue? {
        switch name {
        case "name": self.name.map { .string($0) }
        case value.name: .string(value.text)
        case "first": .bool(isFirst)
        case "last": .bool(isLast)
        default: nil
        }
    }
}

/// Spells names of services and instances for the reader of an escape: those that have formats of their own
/// here refuse a whole file for a name that they do not like.
enum TemplateNames: Hashable, Sendable {
    /// As they are.
    case asRegistered
    /// As in format `haproxy`.
    case haproxy
    /// As in format `nginx`.
    case nginx

    init(for escape: MustacheEscapeName) {
        self =
            switch escape {
            case .haproxy: .haproxy
            case .nginx: .nginx
            case .shell, .json, .yaml, .systemd, .html, .none: .asRegistered
            }
    }

    /// A name as the template sees it.
    func spell(_ name: String) -> String {
        switch self {
        case .asRegistered: name
        case .haproxy: HAProxyName(name).description
        case .nginx: NginxName(name).description
        }
    }

    /// Looks whether the reader takes an address: one it cannot look up would cost the whole file.
    func check(_ address: HostAddress) throws(EncodingFault) {
        switch self {
        case .asRegistered: break
        case .haproxy, .nginx: _ = try IPAddress(address)
        }
    }
}
