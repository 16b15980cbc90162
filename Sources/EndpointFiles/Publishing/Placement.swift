public import Registry

/// Whether an output shows an endpoint, and if not, why.
public enum Placement: Hashable, Sendable {
    /// It is in the file.
    case shown
    /// It is in the file, for when too few of the preferred zone are left.
    case backup
    /// The output is of other services.
    case otherService
    /// The output's filter is for another zone, or for tags that it does not have.
    case filtered
    /// It wants no new traffic, which the format cannot say.
    case wantsNoTraffic
    /// The output prefers another zone, and enough endpoints are there.
    case otherZone
    /// The format cannot carry it, or its service.
    case leftOut(EncodingFault)

    /// Whether it is in the file.
    public var isShown: Bool { self == .shown || self == .backup }

    /// The reason, as the end of a sentence that starts with the endpoint; `nil` when it is shown.
    public var reason: String? {
        switch self {
        case .shown, .backup: nil
        case .otherService: "is of a service that the output does not name"
        case .filtered: "does not match the output's zone or tags"
        case .wantsNoTraffic:
            "wants no new traffic, which the format cannot say; include_draining would show it"
        case .otherZone: "is not in a preferred zone, and enough others are"
        case .leftOut(let fault): fault.description
        }
    }
}

extension EndpointOutput {
    /// Says for each endpoint of a service whether this output shows it.
    ///
    /// For questions now and then: the whole service is rendered once. A zone is chosen by the plain rule, from which
    /// an output departs for a minute at most while endpoints come and go.
    ///
    /// - Parameters:
    ///   - endpoints: Some of the service's.
    ///   - service: The service as the list has it.
    ///   - prefix: Where the list was read.
    /// - Returns: As many as there are endpoints.
    public func placements(
        of endpoints: [Endpoint],
        in service: ServiceEndpoints,
        of list: TableUpdate,
        prefix: RegistryPrefix
    ) -> [Placement] {
        guard services?.contains(service.name) ?? true else {
            return endpoints.map { _ in .otherService }
        }
        let rejections = rejections(of: service, in: list, prefix)
        let whole = rejections.first { $0.instance == nil }?.fault
        let faults = Dictionary(rejections.map { ($0.instance, $0.fault) }) { first, _ in first }
        let tiers = tiers(of: service)
        return endpoints.map { endpoint in
            guard filter.matches(endpoint) else { return .filtered }
            guard includeDraining || format.saysDraining || endpoint.wantsTraffic else {
                return .wantsNoTraffic
            }
            if let fault = whole ?? faults[endpoint.instance.key.instance] {
                return .leftOut(fault)
            }
            guard let tiers, !tiers.prefers(endpoint.instance.zone) else { return .shown }
            return format.saysTiers ? .backup : .otherZone
        }
    }

    private func tiers(of service: ServiceEndpoints) -> ZoneTiers? {
        zones.map { zones in
            var counts = ZoneCounts()
            for chunk in service.chunks { counts.add(chunk, matching: filter) }
            return ZoneTiers(zones: zones.zones, reach: zones.reach(in: counts))
        }
    }

    private func rejections(
        of service: ServiceEndpoints,
        in list: TableUpdate,
        _ prefix: RegistryPrefix
    ) -> [Rejection] {
        // Named alone, whatever else the list has; and with all zones alike, since another zone is no fault.
        var every = self
        every.services = [service.name]
        every.zones = nil
        return every.renderer(prefix: prefix).render(list).rejections
    }
}

extension ListFormat {
    /// Whether its reader can see that an endpoint wants no new traffic.
    var saysDraining: Bool {
        switch self {
        case .json: JSONListEncoder.saysDraining
        case .prometheus: PrometheusEncoder.saysDraining
        case .haproxy: HAProxyEncoder.saysDraining
        case .nginx: NginxEncoder.saysDraining
        case .envoy: EnvoyEncoder.saysDraining
        case .hosts: HostsEncoder.saysDraining
        case .env: EnvironmentEncoder.saysDraining
        case .lines: LinesEncoder.saysDraining
        // It has a member for it, which a template may not print.
        case .template: false
        }
    }

    /// Whether its reader can see which endpoints are preferred for their zone.
    var saysTiers: Bool {
        switch self {
        case .json: JSONListEncoder.saysTiers
        case .prometheus: PrometheusEncoder.saysTiers
        case .haproxy: HAProxyEncoder.saysTiers
        case .nginx: NginxEncoder.saysTiers
        case .envoy: EnvoyEncoder.saysTiers
        case .hosts: HostsEncoder.saysTiers
        case .env: EnvironmentEncoder.saysTiers
        case .lines: LinesEncoder.saysTiers
        case .template(let template): template.mentions("preferred")
        }
    }
}
