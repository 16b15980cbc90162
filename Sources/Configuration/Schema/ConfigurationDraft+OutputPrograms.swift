import EndpointFiles
import Programs
import Registry
import Texts

// The programs and the reload of an output.
extension ConfigurationDraft {
    func readPrograms(
        of output: inout Configuration.Output,
        isFormKnown: Bool,
        _ table: inout TomlTableReader
    ) {
        let command = readArguments("command", &table)
        let check = readArguments("check", &table)
        let timeouts = Configuration.Output.timeouts
        let timeout = table.read(
            "timeout",
            .duration(in: timeouts, example: output.timeout),
            into: &output.timeout
        )
        output.command = command?.value
        output.check = check?.value

        if let command, output.format != .command, isFormKnown {
            let sentence = "command: belongs to format \"command\", the format is "
            table.fault(at: command.place.position, "\(sentence)\"\(output.format.rawValue)\"")
        }
        if output.format == .command, !table.holds("command") {
            table.fault(
                at: table.place.position,
                "command: is missing, format \"command\" runs it; an array of the program and its "
                    + "arguments"
            )
        }
        if let check, !check.value.dropFirst().contains(where: { $0.contains(ProgramCall.file) }) {
            let sentence = "check: must hold \(ProgramCall.file), which stands for the new file"
            table.fault(at: check.place.position, sentence)
        }
        if let timeout, check == nil, command == nil {
            let sentence = "timeout: is for check and command, and there is neither"
            table.fault(at: timeout.place.position, sentence)
        }
    }

    func readReload(of output: inout Configuration.Output, _ table: inout TomlTableReader) {
        table.inner("reload") { reload in
            let unit = reload.optional("unit", .unitName)
            let command = readArguments("command", &reload)
            var action = ReloadAction(.command([]))
            let (intervals, splays) = (Self.intervals, Self.splays)
            let timeouts = Configuration.Output.timeouts
            reload.read(
                "interval",
                .duration(in: intervals, example: action.interval),
                into: &action.interval
            )
            reload.read("splay", .duration(in: splays, example: .seconds(30)), into: &action.splay)
            reload.read(
                "timeout",
                .duration(in: timeouts, example: action.limit),
                into: &action.limit
            )
            guard reload.holds("unit") != reload.holds("command") else {
                let found = reload.holds("unit") ? "both" : "neither"
                let sentence = "must have either unit or command, has \(found)"
                reload.faultOfTable(at: reload.place.position, sentence)
                return
            }
            let kind =
                unit.map { ReloadAction.Kind.unit($0.value) } ?? command.map { .command($0.value) }
            guard let kind else { return }
            action.kind = kind
            output.reload = action
        }
    }

    /// One action has one set of settings, whoever asks for it.
    func reloadFaults() -> [ConfigurationFault] {
        var first: [ReloadAction.Kind: (action: ReloadAction, place: SourcePlace)] = [:]
        return outputs.compactMap { declared in
            guard let action = declared.value.reload else { return nil }
            guard let earlier = first[action.kind] else {
                first[action.kind] = (action, declared.place)
                return nil
            }
            guard earlier.action != action else { return nil }
            return ConfigurationFault(
                at: declared.place,
                table: declared.name,
                "reload: must have the interval, splay and timeout of the output at \(earlier.place), "
                    + "which reloads the same"
            )
        }
    }

    private func readArguments(_ key: String, _ table: inout TomlTableReader) -> Located<[String]>?
    {
        guard let words = table.list(key, of: .argument, called: "strings") else { return nil }
        let values = words.value.map(\.value)
        guard let program = values.first, !program.isEmpty else {
            let sentence = "\(key): must be a program and its arguments, such as [\"/bin/true\"]"
            table.fault(at: words.place.position, sentence)
            return nil
        }
        guard program.hasPrefix("/") || !program.contains("/") else {
            let sentence =
                "\(key): the program must be a name or an absolute path, is \(Quoted(program))"
            table.fault(at: words.place.position, sentence)
            return nil
        }
        return Located(value: values, place: words.place)
    }

    private static let intervals: ClosedRange<Duration> = .zero ... .seconds(3600)
    private static let splays: ClosedRange<Duration> = .zero ... .seconds(3600)
}
