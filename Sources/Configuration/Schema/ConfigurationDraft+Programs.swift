import EndpointFiles
import HealthChecks
import Texts

// The programs that the files name.
extension ConfigurationDraft {
    /// Those that are not there. No fault: what is installed later is found then.
    func programWarnings(_ source: ConfigurationSource) -> [ConfigurationFault] {
        let ofServices = services.flatMap { declared in
            declared.value.checks.compactMap(\.program).map {
                (declared.place, declared.name, "check", $0)
            }
        }
        let ofOutputs = outputs.flatMap { declared in
            declared.value.programs.map { (declared.place, declared.name, $0.key, $0.program) }
        }
        return (ofServices + ofOutputs).compactMap { place, table, key, program in
            guard !source.hasProgram(program) else { return nil }
            let sentence =
                "\(key): there is no program \(Quoted(program)) here that can be run; install it, or name "
                + "its path"
            return ConfigurationFault(at: place, table: table, sentence)
        }
    }
}

extension CheckDefinition {
    fileprivate var program: String? {
        if case .exec(let check) = kind { check.program } else { nil }
    }
}

extension Configuration.Output {
    fileprivate var programs: [(key: String, program: String)] {
        var reload: [String]?
        if case .command(let words) = self.reload?.kind { reload = words }
        return [("command", command), ("check", check), ("reload", reload)].compactMap {
            key,
            words in
            words?.first.map { (key, $0) }
        }
    }
}
