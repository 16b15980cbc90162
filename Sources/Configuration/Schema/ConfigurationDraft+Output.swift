import EndpointFiles
import Registry
import Texts

// `[[output]]` and `outputs = []`.
extension ConfigurationDraft {
    mutating func readOutput(_ table: inout TomlTableReader) {
        firstOutput = firstOutput ?? table.place
        let path = table.required("path", .outputPath)
        // What it is before anybody has given it a path; nothing of it is used without one.
        var output = Configuration.Output(path: path?.value ?? "")
        output.services = readServices(&table)
        let form = readForm(of: &output, &table)
        readAccess(to: &output, &table)
        readWait(of: &output, &table)
        table.read("on_empty", .choice, into: &output.onEmpty)
        table.read("min_endpoints", .count(in: 0...65535), into: &output.minEndpoints)
        table.read("hold", .hold, into: &output.hold)
        readPrograms(of: &output, isFormKnown: form.isKnown, &table)
        readReload(of: &output, &table)
        readRuntime(of: &output, isFormKnown: form.isKnown, &table)
        let template = readTemplate(of: output, isFormKnown: form.isKnown, &table)
        refuseOutputs(in: &table)

        guard let path else { return }
        ownZonePreferences[table.place] = form.ownZone
        for output in expanded(output, at: path, &table) {
            if let template { templates[output.path] = template }
            outputs.append(
                Declared(value: output, place: table.place, keyPlace: path.place, name: table.name)
            )
        }
    }

    /// The names are those of others, who may write more than this host would.
    private func readServices(_ table: inout TomlTableReader) -> [ServiceName]? {
        let named = table.list(
            "services",
            of: .text("1 to 128 printable characters of ASCII without \"/\"") {
                ServiceName(read: $0)
            },
            called: "strings"
        )
        guard let named else { return nil }
        if named.value.isEmpty {
            table.fault(
                at: named.place.position,
                "services: must name at least one service; leave it out for all services"
            )
        }
        var seen: Set<ServiceName> = []
        for name in named.value where !seen.insert(name.value).inserted {
            table.fault(at: name.place.position, "services: names \(Quoted(name.value.text)) twice")
        }
        return named.value.map(\.value)
    }

    private func readAccess(to output: inout Configuration.Output, _ table: inout TomlTableReader) {
        table.read(
            "mode",
            .text("octal permission bits, \"0000\" to \"0777\"") { FileMode($0) },
            into: &output.mode
        )
        let (users, groups) = (accounts.user, accounts.group)
        table.read("owner", .text("a user of this host", read: users), into: &output.owner)
        table.read("group", .text("a group of this host", read: groups), into: &output.group)
    }

    private func readWait(of output: inout Configuration.Output, _ table: inout TomlTableReader) {
        table.inner("wait") { wait in
            let waits = Configuration.Output.waits
            let least = wait.required("min", .duration(in: waits, example: .seconds(1)))
            let most = wait.optional("max", .duration(in: waits, example: .seconds(5)))
            guard let least = least?.value else { return }
            if let most, most.value < least {
                let sentence =
                    "max: must not be shorter than min, is \"\(DurationText(most.value))\""
                wait.fault(at: most.place.position, sentence)
            }
            output.wait = OutputWait(
                min: least,
                max: most?.value ?? least * Configuration.Output.waitFactor
            )
        }
    }

    mutating func readNoOutputs(_ top: inout TomlTableReader) {
        let none = Expectation<Void>(type: "[]", limits: "for no output") { value in
            switch value {
            case .array([]): .value(())
            default: .refused("must be [], for no output; an output is a table, [[output]]")
            }
        }
        noOutputs = noOutputs ?? top.optional("outputs", none)?.place
    }
}

extension Expectation where Value == Duration {
    fileprivate static var hold: Expectation {
        .duration(in: Configuration.Output.holds, example: Configuration.Output.standard.hold)
    }
}
