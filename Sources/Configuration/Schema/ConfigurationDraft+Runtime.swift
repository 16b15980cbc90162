import EndpointFiles
import Texts

// `runtime` of an output: HAProxy's runtime API.
extension ConfigurationDraft {
    /// After the format, the options and the reload of the output were read.
    func readRuntime(
        of output: inout Configuration.Output,
        isFormKnown: Bool,
        _ table: inout TomlTableReader
    ) {
        let runtime = table.read("runtime", .socketPath, into: &output.runtime)
        let drain = table.read(
            "drain_before_delete",
            .duration(in: Configuration.Output.drains, example: output.drainBeforeDelete),
            into: &output.drainBeforeDelete
        )
        if let drain, runtime == nil, !table.holds("runtime") {
            let sentence = "drain_before_delete: is for runtime, and there is none"
            table.fault(at: drain.place.position, sentence)
        }
        guard let runtime else { return }
        if output.format != .haproxy, isFormKnown {
            let name = output.format.rawValue
            let sentence = "runtime: belongs to format \"haproxy\", the format is \"\(name)\""
            table.fault(at: runtime.place.position, sentence)
        }
        if output.reload == nil, !table.holds("reload") {
            let sentence =
                "runtime: needs reload = { ... } beside it, for what HAProxy can be told in no other way"
            table.fault(at: runtime.place.position, sentence)
        }
        if let word = output.serverOptions?.refusedAtRuntime {
            table.fault(
                at: runtime.place.position,
                "runtime: HAProxy takes no \"\(word)\" for a server that is added while it runs; take it out of "
                    + "server_options, or leave runtime out"
            )
        }
    }
}

extension Expectation where Value == String {
    /// The path of a unix socket; see unix(7) for its length.
    fileprivate static var socketPath: Expectation {
        judgedText("an absolute path", "such as \"/run/haproxy/admin.sock\"") { path in
            if let fault = OutputPath.fault(in: path) { return .refused(fault) }
            return path.utf8.count <= 107
                ? .value(path) : .refused("must have at most 107 bytes, has \(path.utf8.count)")
        }
    }
}
