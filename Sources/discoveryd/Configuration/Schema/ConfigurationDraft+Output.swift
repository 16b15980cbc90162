import Registry

// `[[output]]` and `outputs = []`.
extension ConfigurationDraft {
    mutating func readOutput(_ table: inout TableReader) {
        firstOutput = firstOutput ?? table.place
        let path = table.required("path", .outputPath)
        let services = readServices(&table)
        let format = table.optional("format", Expectation<OutputFormat>.choice)
        let mode = table.optional(
            "mode",
            .text("octal permission bits, \"0000\" to \"0777\"") { FileMode($0) }
        )
        let onEmpty = table.optional("on_empty", Expectation<Configuration.OnEmpty>.choice)
        let minEndpoints = table.optional("min_endpoints", .integer(in: 0...65535))
        let hold = table.optional(
            "hold",
            .duration(in: Configuration.Output.holds, example: "60s")
        )
        refuseOutputs(in: &table)

        guard let path else { return }
        var output = Configuration.Output(path: path.value)
        output.services = services
        output.format = format?.value ?? output.format
        output.mode = mode?.value ?? output.mode
        output.onEmpty = onEmpty?.value ?? output.onEmpty
        output.minEndpoints = minEndpoints.map { Int($0.value) } ?? output.minEndpoints
        output.hold = hold?.value ?? output.hold
        outputs.append(
            Declared(value: output, place: table.place, keyPlace: path.place, name: table.name)
        )
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
