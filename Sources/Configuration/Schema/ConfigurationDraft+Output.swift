import EndpointFiles
import Registry
import Texts

// `[[output]]` and `outputs = []`.
extension ConfigurationDraft {
    mutating func readOutput(_ table: inout TableReader) {
        firstOutput = firstOutput ?? table.place
        let path = table.required("path", .outputPath)
        // What it is before anybody has given it a path; nothing of it is used without one.
        var output = Configuration.Output(path: path?.value ?? "")
        output.services = readServices(&table)
        let isFormKnown = readForm(of: &output, &table)
        readAccess(to: &output, &table)
        readWait(of: &output, &table)
        if let value = table.optional("on_empty", Expectation<Configuration.OnEmpty>.choice) {
            output.onEmpty = value.value
        }
        if let value = table.optional("min_endpoints", .integer(in: 0...65535)) {
            output.minEndpoints = Int(value.value)
        }
        let holds = Configuration.Output.holds
        if let value = table.optional("hold", .duration(in: holds, example: "60s")) {
            output.hold = value.value
        }
        readPrograms(of: &output, isFormKnown: isFormKnown, &table)
        readReload(of: &output, &table)
        refuseOutputs(in: &table)

        guard let path else { return }
        for output in expanded(output, at: path, &table) {
            outputs.append(
                Declared(value: output, place: table.place, keyPlace: path.place, name: table.name)
            )
        }
    }

    /// The names are those of others, who may write more than this host would.
    private func readServices(_ table: inout TableReader) -> [ServiceName]? {
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

    private func readAccess(to output: inout Configuration.Output, _ table: inout TableReader) {
        let mode = table.optional(
            "mode",
            .text("octal permission bits, \"0000\" to \"0777\"") { FileMode($0) }
        )
        output.mode = mode?.value ?? output.mode
        let (users, groups) = (accounts.user, accounts.group)
        output.owner = table.optional("owner", .text("a user of this host", read: users))?.value
        output.group = table.optional("group", .text("a group of this host", read: groups))?.value
    }

    private func readWait(of output: inout Configuration.Output, _ table: inout TableReader) {
        table.inner("wait") { wait in
            let waits = Configuration.Output.waits
            let least = wait.required("min", .duration(in: waits, example: "1s"))
            let most = wait.optional("max", .duration(in: waits, example: "5s"))
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

    mutating func readNoOutputs(_ top: inout TableReader) {
        let none = Expectation<Void>(type: "[]", limits: "for no output") { value in
            switch value {
            case .array([]): .value(())
            default: .refused("must be [], for no output; an output is a table, [[output]]")
            }
        }
        noOutputs = noOutputs ?? top.optional("outputs", none)?.place
    }
}
