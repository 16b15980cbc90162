import EndpointFiles
import Mustache
import Texts

/// A template as an output names it.
struct WrittenTemplate {
    let file: Located<String>
    let escape: Located<MustacheEscapeName>
    /// The table of the output, `[output "/run/x"]`.
    let table: String?
}

// The template of an output: named in its table, and read with all its partials when all files are.
extension ConfigurationDraft {
    /// - Returns: `nil` when there is none, or it cannot be read.
    func readTemplate(
        of output: Configuration.Output,
        isFormKnown: Bool,
        _ table: inout TomlTableReader
    ) -> WrittenTemplate? {
        let file = table.optional("template", .templatePath)
        let escape = table.optional("escape", Expectation<MustacheEscapeName>.choice)
        guard isFormKnown else { return nil }
        guard output.format == .template else {
            for (key, place) in [("template", file?.place), ("escape", escape?.place)] {
                guard let place else { continue }
                let sentence = "\(key): belongs to format \"template\", the format is "
                table.fault(at: place.position, "\(sentence)\"\(output.format.rawValue)\"")
            }
            return nil
        }
        if !table.holds("template") {
            table.fault(
                at: table.place.position,
                "template: is missing, format \"template\" renders it; an absolute path such as "
                    + "\"/etc/discoveryd/list.mustache\""
            )
        }
        if !table.holds("escape") {
            let names = MustacheEscapeName.allCases.map { "\"\($0.rawValue)\"" }
            table.fault(
                at: table.place.position,
                "escape: is missing, must say how values are written: \(names.joined(separator: ", "))"
            )
        }
        guard let file, let escape else { return nil }
        if escape.value == .none {
            table.warn(
                at: escape.place.position,
                "escape: \"none\" writes values as they are; whoever can register a service can write anything "
                    + "into this file"
            )
        }
        return WrittenTemplate(file: file, escape: escape, table: table.name)
    }

    /// Reads the templates that outputs name.
    ///
    /// - Returns: What is wrong with them and what is doubtful, each at its place in the template.
    mutating func loadTemplates(
        from source: ConfigurationSource,
        hostname: String
    ) -> ConfigurationFindings {
        var findings = ConfigurationFindings()
        for index in outputs.indices {
            guard let written = templates[outputs[index].value.path] else { continue }
            var reading = TemplateReading(source: source, written: written)
            outputs[index].value.template = reading.template(
                on: ListTemplate.Host(name: hostname, zone: merged.host.zone)
            )
            // Several outputs may share one.
            for fault in reading.faults where !findings.faults.contains(fault) {
                findings.faults.append(fault)
            }
            for warning in reading.warnings where !findings.warnings.contains(warning) {
                findings.warnings.append(warning)
            }
        }
        return findings
    }
}

/// Reads one template and its partials.
private struct TemplateReading {
    /// The largest file, in bytes.
    private static let sizeLimit = ConfigurationLoader.sizeLimit
    /// The number of unknown names of a file that are warned of, each once: a file for something else has thousands.
    private static let mostUnknownNames = 10

    let source: ConfigurationSource
    let written: WrittenTemplate
    private(set) var faults: [ConfigurationFault] = []
    private(set) var warnings: [ConfigurationFault] = []

    init(source: ConfigurationSource, written: WrittenTemplate) {
        self.source = source
        self.written = written
    }

    /// - Returns: `nil` when there is anything wrong with it.
    mutating func template(on host: ListTemplate.Host) -> ListTemplate? {
        let path = written.file.value
        guard let main = read(path, namedAt: written.file.place, as: "template: \(Quoted(path))")
        else {
            return nil
        }
        let directory = path.lastIndex(of: "/").map { path[...$0] } ?? ""
        var partials: [String: MustacheTemplate] = [:]
        var asked: Set<String> = []
        var waiting = main.partials[...]
        while let partial = waiting.popFirst() {
            guard asked.insert(partial.name).inserted else { continue }
            let place = SourcePlace(partial.place)
            guard MustacheTemplate.isFileName(partial.name) else {
                fault(
                    at: place,
                    "partial: \(Quoted(partial.name)) must be the name of a file beside the template, without "
                        + "\".mustache\": letters, digits, \"_\", \"-\" and inner dots"
                )
                continue
            }
            let file = "\(directory)\(partial.name).mustache"
            guard let read = read(file, namedAt: place, as: "partial: \(Quoted(file))") else {
                continue
            }
            partials[partial.name] = read
            waiting += read.partials
        }
        guard faults.isEmpty else { return nil }
        let template = ListTemplate(
            main,
            partials: partials,
            escape: written.escape.value,
            host: host
        )
        if let trial = template.trialFault { fault(at: SourcePlace(trial.place), trial.message) }
        return faults.isEmpty ? template : nil
    }

    private mutating func read(
        _ path: String,
        namedAt place: SourcePlace,
        as subject: String
    ) -> MustacheTemplate? {
        let bytes: [UInt8]
        do throws(ConfigurationSource.Failure) {
            bytes = try source.readFile(path, Self.sizeLimit)
        } catch {
            fault(at: place, "\(subject) \(error.sentence)")
            return nil
        }
        do throws(MustacheError) {
            let template = try MustacheTemplate(bytes, name: path)
            if written.escape.value != .none {
                for tag in template.unescapedTags {
                    fault(
                        at: SourcePlace(tag),
                        "{{{…}}} and {{&…}} write a value without escaping it; write {{…}}, or set "
                            + "escape = \"none\" for all of the output"
                    )
                }
            }
            warnOfUnknownNames(in: template)
            return template
        } catch {
            fault(at: SourcePlace(error.place), error.message)
            return nil
        }
    }

    /// Mustache prints nothing for them, which is right for a tag or a meta entry that an endpoint lacks.
    private mutating func warnOfUnknownNames(in template: MustacheTemplate) {
        var told: Set<[String]> = []
        for use in template.uses where told.count < Self.mostUnknownNames {
            guard let part = TemplateVocabulary.unknownPart(of: use), told.insert(use.name).inserted
            else { continue }
            let name = use.name.joined(separator: ".")
            let remedy =
                NearestName.to(part, among: TemplateVocabulary.names).map {
                    "did you mean \"\($0)\"?"
                } ?? "discoveryd-formats(5) has those that it can show"
            warnings.append(
                ConfigurationFault(
                    at: SourcePlace(use.place),
                    table: written.table,
                    "\(Quoted(name)) is nothing that a list has, so that its tag shows nothing; \(remedy)"
                )
            )
        }
    }

    private mutating func fault(at place: SourcePlace, _ sentence: String) {
        faults.append(ConfigurationFault(at: place, table: written.table, sentence))
    }
}

extension SourcePlace {
    /// A place in a template.
    init(_ place: MustachePlace) {
        self.init(
            file: place.template,
            position: SourcePosition(line: place.line, column: place.column)
        )
    }
}

extension Expectation where Value == String {
    /// The path of a template.
    fileprivate static var templatePath: Expectation {
        judgedText("an absolute path", "such as \"/etc/discoveryd/list.mustache\"") { path in
            OutputPath.fault(in: path).map(Reading.refused) ?? .value(path)
        }
    }
}
