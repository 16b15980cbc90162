package import EndpointFiles
package import HealthChecks
package import Registry
package import Texts

extension Configuration {
    /// `[[service]]`: one service that this host registers.
    package struct Service: Equatable, Sendable {
        /// Which service it is. Required.
        package var name: ServiceName
        /// The port it listens on, 1 to 65535. Required.
        package var port: UInt16
        /// Where it listens. Default: the host's primary address, found while running.
        package var address: HostAddress?
        /// Which instance of the service it is. Default: see ``instanceID(hostname:)``.
        package var id: InstanceID?
        /// Its share of the traffic against its peers, 0 to 65535; 0 is "no new traffic".
        /// Default 100.
        package var weight: UInt16 = ServiceInstance.standardWeight
        /// The place where it runs (a rack, a data centre), 1 to 128 bytes. Default: the zone of the host.
        package var zone: String?
        /// Labels, sorted and unique, at most 64 of 1 to 128 bytes. Default: none.
        package var tags: [String] = []
        /// Free text by name, at most 64 entries; names of 1 to 128 bytes, values of at most 1024.
        /// Default: none.
        var meta: [String: String] = [:]
        /// The checks that must all pass for it to be registered. Default: none, always registered.
        package var checks: [CheckDefinition] = []
        /// The zone of CoreDNS that it is told in as well. Default: none.
        package var skyDNSDomain: DomainName?

        /// A service with the default of each setting.
        package init(name: ServiceName, port: UInt16) {
            self.name = name
            self.port = port
        }

        /// The configured id, or `<hostname>-<port>`.
        ///
        /// - Throws: ``UnusableHostname`` when the id is not configured and the name of this host
        ///   makes none. A configuration that was loaded with the same name never throws.
        package func instanceID(hostname: String) throws(UnusableHostname) -> InstanceID {
            if let id { return id }
            return try UnusableHostname.instanceID(hostname: hostname, port: port)
        }

        /// The companion records of its instance.
        package func companions(of instance: ServiceInstance) -> [CompanionRecord] {
            guard let domain = skyDNSDomain else { return [] }
            return [SkyDNSRecord.record(of: instance, domain: domain.text)].compactMap { $0 }
        }

        /// The instance that is registered; at `primaryAddress` where no address is configured.
        ///
        /// - Throws: As ``instanceID(hostname:)``.
        package func instance(
            hostname: String,
            primaryAddress: HostAddress
        ) throws(UnusableHostname) -> ServiceInstance {
            ServiceInstance(
                key: ServiceKey(service: name, instance: try instanceID(hostname: hostname)),
                address: address ?? primaryAddress,
                port: port,
                weight: weight,
                zone: zone,
                tags: tags,
                meta: meta
            )
        }
    }
}

/// In which form a service has a companion record, beside discoveryd's own, for those who read that.
enum CompanionFormat: String, CaseIterable, Sendable {
    /// The records of CoreDNS's etcd plugin; see ``SkyDNSRecord``.
    case skydns
}
