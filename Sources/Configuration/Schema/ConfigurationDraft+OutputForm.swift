import EndpointFiles
import Registry
import Texts

// What of an output depends on its format, and how its path makes several of it.
extension ConfigurationDraft {
    /// - Returns: Whether the format was understood: what it may not have is not said of another one. And where the
    ///   zone of this host is preferred.
    func readForm(
        of output: inout Configuration.Output,
        _ table: inout TomlTableReader
    ) -> (isKnown: Bool, ownZone: SourcePlace?) {
        let format = table.read("format", .choice, into: &output.format)
        let zone = table.optional("zone", .word)
        let ownZone = readZones(of: &output, beside: zone?.place, &table)
        let tags = table.list("tags", of: .word, called: "strings")
        output.filter = EndpointFilter(
            zone: zone?.value,
            tags: Set((tags?.value ?? []).map(\.value))
        )
        table.read("include_draining", .flag, into: &output.includeDraining)
        let header = table.read("header", .flag, into: &output.header)
        let domain = table.read(
            "domain",
            .text("a name of the DNS, such as \"\(DomainName.standard)\"") { DomainName($0) },
            into: &output.domain
        )
        let resolvers = table.read(
            "resolvers",
            .text("1 to 64 letters, digits, \".\", \"_\", \":\" or \"-\"") {
                HAProxySectionName($0)
            },
            into: &output.resolvers
        )

        let options = table.read(
            "server_options",
            .text(
                "words such as \"check inter 2s\", without any of ; # \\ ' $ < and quotation marks"
            ) {
                HAProxyServerOptions($0)
            },
            into: &output.serverOptions
        )

        guard format != nil || !table.holds("format") else { return (false, ownZone) }
        let name = output.format.rawValue
        if let domain, output.format != .hosts {
            let sentence = "domain: belongs to format \"hosts\", the format is \"\(name)\""
            table.fault(at: domain.place.position, sentence)
        }
        if let resolvers, output.format != .haproxy {
            let sentence = "resolvers: belongs to format \"haproxy\", the format is \"\(name)\""
            table.fault(at: resolvers.place.position, sentence)
        }
        if let options { refuseOptions(options, of: output, &table) }
        if let header, header.value, !output.format.list().hasComments {
            let sentence = "header: format \"\(name)\" has no comments to write one in"
            table.fault(at: header.place.position, sentence)
        }
        if let format { refuseUnnamed(output, format, &table) }
        return (true, ownZone)
    }

    private func refuseOptions(
        _ options: Located<HAProxyServerOptions>,
        of output: Configuration.Output,
        _ table: inout TomlTableReader
    ) {
        if output.format != .haproxy {
            let name = output.format.rawValue
            let sentence =
                "server_options: belongs to format \"haproxy\", the format is \"\(name)\""
            table.fault(at: options.place.position, sentence)
        }
        if let word = options.value.misplaced {
            let sentence = "server_options: \"\(word)\" is written by discoveryd where it is due"
            table.fault(at: options.place.position, sentence)
        }
    }

    /// Formats whose readers have names beside ours need to know which are ours.
    private func refuseUnnamed(
        _ output: Configuration.Output,
        _ format: Located<FormatSetting>,
        _ table: inout TomlTableReader
    ) {
        guard output.services != nil || !table.holds("services") else { return }
        let name = format.value.rawValue
        switch format.value.list().naming {
        case .optional: break
        case .advised:
            guard output.services == nil else { break }
            table.fault(
                at: format.place.position,
                "services: must be given with format \"\(name)\": a service that somebody calls like "
                    + "a name of your own configuration would be taken for it"
            )
        case .one:
            guard output.services?.count != 1, !output.path.contains(Self.service) else { break }
            table.fault(
                at: format.place.position,
                "services: must name exactly one service with format \"\(name)\"; for several, put "
                    + "\(Self.service) into the path"
            )
        }
    }

    /// The placeholder for the name of a service in a path.
    static let service = "{service}"

    /// The output, or one for each of its services when its path says so. Only the names that stand in
    /// the configuration make paths, never those in etcd.
    func expanded(
        _ output: Configuration.Output,
        at path: Located<String>,
        _ table: inout TomlTableReader
    ) -> [Configuration.Output] {
        var outputs = [output]
        if path.value.contains(Self.service) {
            guard let services = output.services else {
                let sentence =
                    "path: \(Self.service) needs services = [...], which it is expanded over"
                if !table.holds("services") { table.fault(at: path.place.position, sentence) }
                return []
            }
            outputs = services.map { service in
                var one = output
                one.path = Self.putting(service.text, into: path.value)
                one.services = [service]
                return one
            }
        }
        if let brace = path.value.split(separator: "{").dropFirst().first(where: {
            !$0.hasPrefix(Self.service.dropFirst())
        }) {
            let sentence =
                "path: holds \(Quoted("{\(brace)")), but only \(Self.service) stands for something"
            table.fault(at: path.place.position, sentence)
        }
        for output in outputs {
            let fault = output.path == path.value ? nil : OutputPath.fault(in: output.path)
            if let sentence = fault ?? endingFault(of: output) {
                table.fault(at: path.place.position, "path: \(sentence)")
            }
        }
        return outputs
    }

    private func endingFault(of output: Configuration.Output) -> String? {
        guard let ending = output.format.list().pathEnding, !output.path.hasSuffix(ending) else {
            return nil
        }
        return "must end in \"\(ending)\" for format \"\(output.format.rawValue)\", is "
            + "\(Quoted(output.path))"
    }

    private static func putting(_ name: String, into path: String) -> String {
        let parts = path.split(separator: service, omittingEmptySubsequences: false)
        return parts.joined(separator: name)
    }
}
