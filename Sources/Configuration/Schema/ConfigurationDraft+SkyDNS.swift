import EndpointFiles
import Registry
import Texts

// Names of the DNS that lie below one another. CoreDNS answers a question for a name with all records below
// its key, so `api.cluster.local` would also be answered with the instances of `v2.api`.
extension ConfigurationDraft {
    /// Takes those services out of the DNS, and leaves them registered, whose names lie below others or may.
    ///
    /// - Parameter hostname: The name of this host; it makes the ids that are not configured.
    /// - Returns: What is said of each.
    mutating func leaveOutNestedNames(hostname: String) -> [ConfigurationFault] {
        var left: [ConfigurationFault] = []
        for index in services.indices {
            let declared = services[index]
            guard let domain = declared.value.skyDNSDomain else { continue }
            let sentence =
                declared.value.name.text.contains(".")
                ? "its name has a dot, so its records would lie below those of a service that is called "
                    + "like what follows the dot, maybe on another host"
                : nestingSentence(of: index, domain, hostname: hostname)
            guard let sentence else { continue }
            services[index].value.skyDNSDomain = nil
            left.append(
                ConfigurationFault(
                    at: declared.place,
                    table: declared.name,
                    "also: \(sentence); it is registered without a record for \"skydns\""
                )
            )
        }
        return left
    }

    private func nestingSentence(
        of index: Int,
        _ domain: DomainName,
        hostname: String
    ) -> String? {
        // A service without an id is refused elsewhere, with a sentence of its own.
        guard let id = try? services[index].value.instanceID(hostname: hostname) else { return nil }
        let key = ServiceKey(service: services[index].value.name, instance: id)
        guard let record = SkyDNSRecord.key(of: key, domain: domain.text) else { return nil }
        for (other, declared) in services.enumerated() where other != index {
            guard let domain = declared.value.skyDNSDomain,
                let id = try? declared.value.instanceID(hostname: hostname)
            else { continue }
            let name = declared.value.name
            let instance = ServiceKey(service: name, instance: id)
            // The name of the service, and that of its instance.
            let isBelowService =
                name.text.lowercased() != key.service.text.lowercased()
                && SkyDNSRecord.isBelow(record, name: "\(name).\(domain)")
            let isBelowInstance = SkyDNSRecord.isBelow(
                record,
                name: "\(instance.instance).\(name).\(domain)"
            )
            if isBelowService || isBelowInstance {
                return
                    "its records would lie below those of \(Quoted("\(name).\(domain)")), the service at "
                    + "\(declared.place)"
            }
        }
        return nil
    }
}
