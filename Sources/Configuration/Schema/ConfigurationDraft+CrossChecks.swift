import EndpointFiles
import Etcd
import Registry
import Texts

// What only shows when all files are read.
extension ConfigurationDraft {
    /// Finds the faults of the files together, and what is doubtful in their result.
    ///
    /// - Parameters:
    ///   - hostname: The name of this host; it makes the ids that are not configured.
    ///   - source: Where the files are that the configuration names.
    ///   - seesAsDaemon: Whether the source lets us read what it lets the daemon read.
    func crossChecked(
        hostname: String,
        source: ConfigurationSource,
        seesAsDaemon: Bool
    ) -> ConfigurationFindings {
        var findings = ConfigurationFindings(
            faults: serviceFaults(hostname: hostname) + noOutputsFaults() + outputFaults()
                + zoneFaults() + reloadFaults(),
            warnings: endpointWarnings() + leaseWarnings() + serviceWarnings()
                + programWarnings(source)
        )
        findings.add(securityFindings(source, seesAsDaemon: seesAsDaemon))
        return findings
    }

    private func serviceFaults(hostname: String) -> [ConfigurationFault] {
        var places: [ServiceKey: SourcePlace] = [:]
        var names: [String: SourcePlace] = [:]
        return services.compactMap { declared in
            do throws(UnusableHostname) {
                let instance = try inZone(declared.value).instance(
                    hostname: hostname,
                    primaryAddress: Self.longestAddress
                )
                if let earlier = places[instance.key] {
                    let id = Quoted(instance.key.instance.text)
                    return fault(
                        declared,
                        "id: \(id) is taken by the service of that name at \(earlier)"
                    )
                }
                places[instance.key] = declared.place
                if let sentence = nameFault(of: instance.key, declared, &names) {
                    return fault(declared, sentence)
                }
                return sizeFault(of: instance, declared)
            } catch {
                return fault(declared, "id: \(error)")
            }
        }
    }

    /// A name that nobody can look up, or that two would have.
    private func nameFault(
        of key: ServiceKey,
        _ declared: Declared<Configuration.Service>,
        _ names: inout [String: SourcePlace]
    ) -> String? {
        guard let domain = declared.value.skyDNSDomain else { return nil }
        let name = Quoted("\(key.instance).\(key.service).\(domain)")
        guard let record = SkyDNSRecord.key(of: key, domain: domain.text) else {
            return
                "id: \(name) is no name of the DNS, which also = [\"skydns\"] needs: labels of 1 to "
                + "63 letters, digits, \"-\" or \"_\", 253 bytes in all"
        }
        if let earlier = names[record] {
            return "id: \(name) is the name of the service at \(earlier) in the DNS"
        }
        names[record] = declared.place
        guard record.utf8.starts(with: merged.etcd.prefix.text.utf8) else { return nil }
        return
            "also: \"skydns\" writes to \(Quoted(record)), which is among the keys of the registry; "
            + "give [etcd] another prefix"
    }

    /// Each part of a record may fit and all of them together not.
    private func sizeFault(
        of instance: ServiceInstance,
        _ declared: Declared<Configuration.Service>
    ) -> ConfigurationFault? {
        let bytes = RecordCodec.encode(instance, owner: Self.anyOwner, state: .draining).count
        guard bytes > RecordLimits.valueBytes else { return nil }
        let sentence =
            "makes a record of \(bytes) bytes, at most \(RecordLimits.valueBytes); shorten its meta"
        return ConfigurationFault(at: declared.place, table: declared.name, sentence)
    }

    private func noOutputsFaults() -> [ConfigurationFault] {
        guard let noOutputs, let firstOutput else { return [] }
        let sentence = "outputs: must not be given beside the [[output]] at \(firstOutput)"
        return [ConfigurationFault(at: noOutputs, sentence)]
    }

    private func outputFaults() -> [ConfigurationFault] {
        var faults: [ConfigurationFault] = []
        var places: [String: SourcePlace] = [:]
        for declared in outputs {
            if let earlier = places[declared.value.path] {
                faults.append(fault(declared, "path: is written by the output at \(earlier)"))
            } else {
                places[declared.value.path] = declared.place
            }
        }
        for declared in outputs {
            for parent in OutputPath.directories(of: declared.value.path) {
                guard let file = places[parent] else { continue }
                let sentence = "path: \(Quoted(parent)) is a file, the output at \(file)"
                faults.append(fault(declared, sentence))
            }
        }
        return faults
    }

    private func endpointWarnings() -> [ConfigurationFault] {
        endpointDoubts.map { ConfigurationFault(at: $0.place, table: "[etcd]", $0.value) }
            + unencryptedWarnings()
    }

    private func unencryptedWarnings() -> [ConfigurationFault] {
        (endpoints ?? []).compactMap { endpoint in
            guard endpoint.value.scheme == .http, !endpoint.value.host.isLoopback else {
                return nil
            }
            let password = username == nil ? "" : ", and read the password"
            return ConfigurationFault(
                at: endpoint.place,
                table: "[etcd]",
                "endpoints: the connection to \(endpoint.value) is not encrypted; "
                    + "whoever is on the way can read and change the registry\(password)"
            )
        }
    }

    private func leaseWarnings() -> [ConfigurationFault] {
        guard let ttl, ttl.value < Configuration.Lease.comfortableTTL else { return [] }
        let comfortable = DurationText(Configuration.Lease.comfortableTTL)
        return [
            ConfigurationFault(
                at: ttl.place,
                table: "[lease]",
                "ttl: \(DurationText(ttl.value)) is short; below \(comfortable) a slow disk or a "
                    + "leader election of etcd removes healthy hosts from the lists"
            )
        ]
    }

    private func serviceWarnings() -> [ConfigurationFault] {
        services.compactMap { declared in
            guard let address = declared.value.address else { return nil }
            var sentence: String?
            if address.isLoopback {
                sentence =
                    "address: \(Quoted(address.text)) means its own host to every consumer; "
                    + "others cannot connect to it"
            } else if let bare = Self.withoutPort(address, declared.value.port) {
                sentence =
                    "address: \(Quoted(address.text)) ends with the port, and all of it is taken for the "
                    + "address; write \(Quoted(bare.text)) if that is meant, the port stands in port"
            }
            return sentence.map {
                ConfigurationFault(at: declared.place, table: declared.name, $0)
            }
        }
    }

    /// An IPv6 address that may be a shorter one with the port behind it.
    private static func withoutPort(_ address: HostAddress, _ port: UInt16) -> HostAddress? {
        let end = ":\(port)"
        guard address.family == .ipv6, address.text.hasSuffix(end) else { return nil }
        let bare = HostAddress(address.text.dropLast(end.count))
        return bare?.family == .ipv6 ? bare : nil
    }

    private func fault(_ declared: Declared<some Any>, _ sentence: String) -> ConfigurationFault {
        ConfigurationFault(at: declared.keyPlace, table: declared.name, sentence)
    }

    /// An owner as long as discoveryd's own.
    private static let anyOwner = known(OwnerID(String(repeating: "f", count: 32)))
    /// Where no address is configured, none that is found is longer.
    private static let longestAddress = known(
        HostAddress("ffff:1111:ffff:ffff:ffff:ffff:ffff:ffff")
    )

    private static func known<Value>(_ value: Value?) -> Value {
        guard let value else { preconditionFailure("a literal of the program is valid") }
        return value
    }
}
