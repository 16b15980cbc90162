import Registry
import Texts

/// nginx: an `upstream` block a service, a `server` line an endpoint.
///
/// ```
/// upstream web {
///     server 10.0.0.5:8080;
///     server 10.0.0.6:8080 weight=2;
///     server 10.0.0.7:8080 down;
/// }
/// ```
///
/// nginx does not start with an upstream that has no server, nor with a host name that cannot be
/// resolved: an empty service holds a server that is `down`, and host names are rejected. The
/// weights are as small as their ratios allow, since `hash … consistent` makes 160 points of each
/// unit. Where zones are preferred, the servers of the others are `backup`s.
///
/// Source: nginx, "ngx_http_upstream_module"; 1.22 tried.
struct NginxEncoder: LineEncoder {
    static let saysDraining = true
    static let saysTiers = true

    let header: Bool

    func frame(_ origin: ListOrigin) -> ListFrame { .lines(header: header, origin) }

    func scale(_ weights: WeightSpread) -> WeightScale { .smallest(weights) }

    func opening(_ service: ServiceName, isEmpty: Bool) -> [UInt8] {
        let placeholder = isEmpty ? "    server 127.0.0.1:1 down;\n" : ""
        return Array("upstream \(NginxName(service.text)) {\n\(placeholder)".utf8)
    }

    func closing(isEmpty: Bool) -> [UInt8] { Array("}\n".utf8) }

    func append(
        _ endpoint: Endpoint,
        _ weights: WeightScale,
        preferred: Bool?,
        to text: inout [UInt8]
    ) throws(EncodingFault) {
        let instance = endpoint.instance
        let address = try IPAddress(instance.address)
        let target = address.joined(port: instance.port)
        let backup = preferred == false ? " backup" : ""
        text += "    server \(target)\(willingness(endpoint, weights))\(backup);\n".utf8
    }

    private func willingness(_ endpoint: Endpoint, _ weights: WeightScale) -> String {
        guard endpoint.wantsTraffic else { return " down" }
        let weight = weights(endpoint.instance.weight)
        return weight == 1 ? "" : " weight=\(weight)"
    }
}

/// The name of an upstream, as it can stand in the configuration and in `proxy_pass http://NAME`.
///
/// nginx takes names that differ in case for the same, so only small letters stand for themselves;
/// any other byte but digits, `-`, `_` and `.` becomes a tilde and two digits: `Web` is `~57eb`.
struct NginxName: Hashable, CustomStringConvertible {
    let description: String

    init(_ text: String) {
        description = HexEscaping(mark: UInt8(ascii: "~")).spell(text) { byte, _ in
            byte.isLower || byte.isDigit || byte.isJoint
        }
    }
}
