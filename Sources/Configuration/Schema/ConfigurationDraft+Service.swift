import EndpointFiles
import Registry
import Texts

// `[[service]]`.
extension ConfigurationDraft {
    mutating func readService(_ table: inout TomlTableReader) {
        let segment = "1 to 128 letters, digits, \".\", \"_\" or \"-\""
        let name = table.required("name", .text(segment) { ServiceName(declared: $0) })
        let port = table.required("port", .integer(in: 1...65535))
        let address = table.optional("address", .serviceAddress)
        let id = table.optional("id", .text(segment) { InstanceID(declared: $0) })
        let weight = table.optional("weight", .integer(in: 0...65535))
        let zone = table.optional("zone", .word)
        let tags = readTags(&table)
        let meta = readMeta(&table)
        let checks = readChecks(&table)
        let domain = readAlso(&table)
        table.refuse(
            "ports",
            "addresses",
            because: "is reserved for a later version"
        )
        refuseOutputs(in: &table)

        // Without these three it is not known which instance it is; what was refused is said already.
        guard let name, let port, id != nil || !table.holds("id") else { return }
        var service = Configuration.Service(name: name.value, port: port.value)
        switch address?.value {
        case nil: break
        case .usable(let address): service.address = address
        case .unusable(let text, let why):
            table.warn(
                at: address?.place.position ?? table.place.position,
                "address: \(Quoted(text)) \(why); the service is skipped"
            )
            return
        }
        service.id = id?.value
        service.weight = weight?.value ?? service.weight
        service.zone = zone?.value
        service.tags = tags
        service.meta = meta
        service.checks = checks
        service.skyDNSDomain = domain
        services.append(
            Declared(
                value: service,
                place: table.place,
                keyPlace: id?.place ?? table.place,
                name: table.name
            )
        )
    }

    /// - Returns: The zone of CoreDNS in which it is registered as well, if any.
    private func readAlso(_ table: inout TomlTableReader) -> DomainName? {
        let also = table.list("also", of: Expectation<CompanionFormat>.choice, called: "strings")
        let domain = table.optional(
            "domain",
            .text("a name of the DNS, such as \"cluster.local\"") { DomainName($0) }
        )
        // What was refused is said already.
        guard also != nil || !table.holds("also") else { return nil }
        if let also, !also.value.isEmpty {
            if domain == nil, !table.holds("domain") {
                table.fault(
                    at: also.place.position,
                    "also: \"skydns\" needs domain, the zone that CoreDNS serves"
                )
            }
            return domain?.value
        }
        if let domain {
            table.fault(at: domain.place.position, "domain: goes with also = [\"skydns\"] only")
        }
        return nil
    }

    private func readTags(_ table: inout TomlTableReader) -> [String] {
        guard let tags = table.list("tags", of: .word, called: "strings") else { return [] }
        let unique = Set(tags.value.map(\.value)).sorted()
        if unique.count > RecordLimits.tags {
            table.fault(
                at: tags.place.position,
                "tags: must be at most \(RecordLimits.tags) strings, are \(unique.count)"
            )
        }
        return unique
    }

    private func readMeta(_ table: inout TomlTableReader) -> [String: String] {
        let meta = table.dictionary("meta", keys: .word, values: .freeText, called: "strings")
        guard let meta else { return [:] }
        if meta.value.count > RecordLimits.metaEntries {
            table.fault(
                at: meta.place.position,
                "meta: must be at most \(RecordLimits.metaEntries) entries, are \(meta.value.count)"
            )
        }
        return meta.value
    }
}
