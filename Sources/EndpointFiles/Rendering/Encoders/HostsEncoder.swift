import Registry

/// hosts(5): each address under the instance's name and the service's.
///
/// ```
/// 10.0.0.5 web-1.web.discoveryd.internal web.discoveryd.internal
/// ```
///
/// A service is one DNS label, so that the names of one can never be those of another; all are under
/// the domain, so that whoever registers a service `localhost` or `com` takes nobody's name away. An
/// instance whose id is not a host name (`10.0.0.5:8080`) is there under the service's name only.
///
/// Source: hosts(5), RFC 1123.
struct HostsEncoder: LineEncoder {
    static let saysDraining = false
    static let saysTiers = false

    let domain: DomainName
    let header: Bool

    func frame(_ origin: ListOrigin) -> ListFrame { .lines(header: header, origin) }

    func opening(_ service: ServiceName, isEmpty: Bool) throws(EncodingFault) -> [UInt8] {
        _ = try name(of: service)
        return []
    }

    func append(
        _ endpoint: Endpoint,
        _ weights: WeightScale,
        preferred: Bool?,
        to text: inout [UInt8]
    ) throws(EncodingFault) {
        let key = endpoint.instance.key
        let address = try IPAddress(endpoint.instance.address)
        // The block says what is wrong with the service's name, once for all its endpoints.
        guard let service = try? name(of: key.service) else { return }
        let names = [DomainName(exactly: key.instance.text)?.within(service), service]
        let texts = [address.text] + names.compactMap { $0?.text }
        text += (texts.joined(separator: " ") + "\n").utf8
    }

    private func name(of service: ServiceName) throws(EncodingFault) -> DomainName {
        guard let label = DomainName(exactly: service.text), label.isLabel else {
            throw EncodingFault(
                .serviceName,
                "is no DNS label: 1 to 63 of a-z, 0-9 and inner hyphens; rename it, or name the "
                    + "services of the output"
            )
        }
        guard let name = label.within(domain) else {
            throw EncodingFault(
                .tooLong,
                "is longer than a DNS name can be with the domain of the output; shorten one"
            )
        }
        return name
    }
}
