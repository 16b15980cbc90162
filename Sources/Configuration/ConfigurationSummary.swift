import EndpointFiles
import Etcd
import Mustache
import Registry
package import Texts

/// Describes in words what a configuration would do.
package struct ConfigurationSummary {
    private let loaded: LoadedConfiguration
    private let hostname: String
    private let primaryAddress: HostAddress?

    /// - Parameter primaryAddress: That of services that name none, as far as it is known.
    package init(_ loaded: LoadedConfiguration, hostname: String, primaryAddress: HostAddress?) {
        self.loaded = loaded
        self.hostname = hostname
        self.primaryAddress = primaryAddress
    }

    package var text: String {
        let configuration = loaded.configuration
        let files =
            loaded.files.isEmpty ? "no file: the defaults" : loaded.files.joined(separator: ", ")
        var lines = ["configuration: \(files)"]
        let endpoints = configuration.etcd.endpoints.map(\.description).joined(separator: ", ")
        let order = configuration.etcd.order == .listed ? ", tried in this order" : ""
        lines.append("etcd: \(endpoints)\(order), keys under \(configuration.etcd.prefix)")
        if configuration.services.isEmpty { lines.append("registers: nothing") }
        for service in configuration.services { lines.append("registers: \(describe(service))") }
        if !configuration.services.isEmpty {
            lines.append("lease: \(DurationText(configuration.lease.ttl).description)")
        }
        if configuration.outputs.isEmpty { lines.append("writes: nothing") }
        for output in configuration.outputs {
            lines.append("writes: \(describe(output))")
        }
        if let listen = configuration.metrics.listen { lines.append("metrics: at \(listen)") }
        return lines.joined(separator: "\n") + "\n"
    }

    private func describe(_ output: Configuration.Output) -> String {
        let services = output.services.map { $0.map(\.text).joined(separator: ", ") }
        var parts = [output.path, services ?? "all services"]
        if let zone = output.filter.zone { parts.append("zone \(zone)") }
        if let zones = output.zones { parts.append(Self.describe(zones)) }
        if !output.filter.tags.isEmpty {
            parts.append("tagged \(output.filter.tags.sorted().joined(separator: " and "))")
        }
        let command = output.command.map { ", made by \($0.joined(separator: " "))" }
        let template = output.template.map { " \($0.text.name), escape \($0.escape.rawValue)" }
        parts.append("as \(output.format.rawValue)\(command ?? template ?? "")")
        if let socket = output.runtime { parts.append("told to HAProxy at \(socket)") }
        let otherwise = output.runtime == nil ? "" : "what that cannot do "
        if let check = output.check {
            parts.append("\(otherwise)checked by \(check.joined(separator: " "))")
        }
        switch output.reload?.kind {
        case nil: break
        case .unit(let unit): parts.append("then \(unit) is reloaded")
        case .command(let words): parts.append("then \(words.joined(separator: " ")) is run")
        }
        return OneLine.escaped(parts.joined(separator: ", "))
    }

    /// `preferring zone a, then b, unless fewer than 2 are usable`.
    private static func describe(_ preference: ZonePreference) -> String {
        let zones = preference.zones.joined(separator: ", then ")
        let threshold =
            switch preference.spillBelow {
            case .endpoints(1): "nobody is usable there"
            case .endpoints(let count): "fewer than \(count) are usable there"
            case .evenShare(let percent):
                "fewer than \(percent)% of the even share are usable there"
            }
        return "preferring zone \(zones), unless \(threshold)"
    }

    private func describe(_ service: Configuration.Service) -> String {
        // A configuration that was loaded with this name never throws.
        let id = (try? service.instanceID(hostname: hostname))?.text ?? "?"
        let address =
            service.address?.joined(port: service.port)
            ?? primaryAddress.map { "\($0.joined(port: service.port)), the host's primary address" }
            ?? "the host's primary address, which is not known, port \(service.port)"
        let name = service.skyDNSDomain.map { ", as \(service.name).\($0) in CoreDNS" } ?? ""
        let zone = service.zone.map { ", zone \(OneLine.escaped($0))" } ?? ""
        return "\(service.name)/\(id) at \(address), weight \(service.weight)\(zone)\(name)"
    }
}
