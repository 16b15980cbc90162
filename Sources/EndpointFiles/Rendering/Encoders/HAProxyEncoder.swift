import Registry
import Texts

/// HAProxy: a `backend` section a service, a `server` line an endpoint.
///
/// ```
/// backend web
///     server web-1 10.0.0.5:8080 weight 100
/// ```
///
/// `mode`, `balance`, timeouts and `default-server check` stand in the administrator's `defaults`.
/// Draining is weight 0: no new sessions, those that are bound to the server stay.
///
/// Host names are left out unless a `resolvers` section is named: HAProxy would look them up one after the
/// other before it starts and in each `haproxy -c`, and each that no DNS answers takes it 5 s and more. With a
/// section it does so afterwards, beside its work.
///
/// Where zones are preferred, the servers of the others are `backup`s, and `option allbackups` shares the traffic out
/// among all of them. It stands there from the beginning, so that no spill changes more than `server` lines.
///
/// Source: HAProxy, "Configuration Manual", sections 4.2 and 5.2; 2.6 tried.
struct HAProxyEncoder: LineEncoder {
    static let saysDraining = true
    static let saysTiers = true
    private static let largestWeight = 256

    let header: Bool
    /// The name of the section that tells whom to ask for host names.
    var resolvers: HAProxySectionName?
    /// The words behind each server.
    var options: HAProxyServerOptions?
    /// Whether zones are preferred, and the servers of others are backups.
    var hasBackups = false

    func frame(_ origin: ListOrigin) -> ListFrame { .lines(header: header, origin) }

    func scale(_ weights: WeightSpread) -> WeightScale { .atMost(Self.largestWeight, weights) }

    func opening(_ service: ServiceName, isEmpty: Bool) -> [UInt8] {
        // Otherwise the first backup would get all the traffic of the others.
        let options = hasBackups ? "    option allbackups\n" : ""
        return Array("backend \(HAProxyName(service.text))\n\(options)".utf8)
    }

    func append(
        _ endpoint: Endpoint,
        _ weights: WeightScale,
        preferred: Bool?,
        to text: inout [UInt8]
    ) throws(EncodingFault) {
        let instance = endpoint.instance
        // To HAProxy 0.0.0.0 is "wherever the client wanted to go".
        let address = try SpecifiedAddress(instance.address)
        let name = HAProxyName(instance.key.instance.text)
        let weight = endpoint.state == .up ? weights(instance.weight) : 0
        var resolving = ""
        if instance.address.family == .name {
            guard let resolvers else {
                throw EncodingFault(
                    .hostName,
                    "has the host name \(address.text) as its address; name a resolvers section of HAProxy "
                        + "with resolvers = \"...\" to have it looked up"
                )
            }
            resolving = " resolvers \(resolvers) init-addr last,none"
        }
        let target = address.joined(port: instance.port)
        let backup = preferred == false ? " backup" : ""
        let options = options.map { " \($0)" } ?? ""
        text +=
            "    server \(name) \(target) weight \(weight)\(backup)\(resolving)\(options)\n".utf8
    }
}

/// The name of a backend or a server: `[A-Za-z0-9_.:-]`.
///
/// What hosts that run discoveryd register is spelled as it is; in other names any other byte, and
/// the colon, becomes a colon and two digits: `10.0.0.5:80` is `10.0.0.5:3a80`.
struct HAProxyName: Hashable, CustomStringConvertible {
    let description: String

    init(_ text: String) {
        description = HexEscaping(mark: UInt8(ascii: ":")).spell(text) { byte, _ in
            byte.isLower || byte.isUpper || byte.isDigit || byte.isJoint
        }
    }
}

/// The name of a section of HAProxy's own configuration: 1 to 64 of `[A-Za-z0-9_.:-]`.
///
/// Source: HAProxy, "Configuration Manual", section 4: proxies and sections are named alike.
public struct HAProxySectionName: Hashable, Sendable, CustomStringConvertible {
    /// The name as it is written.
    public let description: String

    /// Is `nil` for anything else.
    public init?(_ text: String) {
        let isFitting = text.utf8.allSatisfy { byte in
            byte.isLower || byte.isUpper || byte.isDigit || byte.isJoint
                || byte == UInt8(ascii: ":")
        }
        guard isFitting, (1...64).contains(text.utf8.count) else { return nil }
        description = text
    }
}
