import ArgumentParser
import Configuration
import EndpointFiles
import Files
import Glibc
import Mustache
import Registry
import Texts

/// `discoveryd render`: what a template makes of data, or of the live list.
struct RenderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Render a Mustache template over JSON data, or over the live list.",
        discussion: """
            With --data the template follows the specification of Mustache: values are escaped for HTML unless \
            --escape says otherwise, {{{name}}} and {{&name}} are not, and a partial that is missing is empty. \
            Partials are NAME.mustache beside the template.

            Without --data an output of the configuration must name the template: it is rendered over the live \
            list as in that output. Endpoints that it skips are named on standard error.

            Exit status: 0 on success, 65 when the template or the data are faulty, 69 when etcd does not answer.
            """
    )

    @Argument(help: "The template.", completion: .file(extensions: ["mustache"]))
    var template: String

    @Option(
        help: "How values are written, see discoveryd-formats(5); html unless given."
    )
    var escape: EscapeArgument?

    @Option(
        help: ArgumentHelp(
            "A file with JSON data, or - for standard input; any JSON value.",
            valueName: "file"
        ),
        completion: .file()
    )
    var data: String?

    @OptionGroup var options: RegistryOptions

    /// The longest data, in bytes.
    private static let dataLimit = 64 << 20
    /// The longest template, in bytes.
    private static let templateLimit = 1 << 20

    func validate() throws {
        guard data != nil || escape == nil else {
            throw ValidationError(
                "--escape goes with --data; an output has its own escape, which is rendered with."
            )
        }
    }

    func run() async throws {
        guard let data else { return try await renderList() }
        do throws(MustacheError) {
            let bytes = try read(data, limit: Self.dataLimit)
            let value = try JSONReader.read(bytes, name: data == "-" ? "standard input" : data)
            let main = try MustacheTemplate(
                try read(template, limit: Self.templateLimit),
                name: template
            )
            let renderer = MustacheRenderer(
                main,
                partials: try partials(of: main),
                escape: (escape?.name ?? .html).escape
            )
            let text = try renderer.render(value)
            Terminal.print(String(decoding: text.bytes, as: UTF8.self))
        } catch {
            Terminal.complain("\(error)")
            throw ExitStatus.data
        }
    }

    // MARK: over data

    private func partials(
        of main: MustacheTemplate
    ) throws(MustacheError) -> [String: MustacheTemplate] {
        let directory = template.lastIndex(of: "/").map { template[...$0] } ?? ""
        var partials: [String: MustacheTemplate] = [:]
        var asked: Set<String> = []
        var waiting = main.partials[...]
        while let partial = waiting.popFirst() {
            guard asked.insert(partial.name).inserted, MustacheTemplate.isFileName(partial.name)
            else { continue }
            let path = "\(directory)\(partial.name).mustache"
            // Missing is empty, and nothing else is.
            guard access(path, F_OK) == 0 else { continue }
            let read = try MustacheTemplate(
                try read(path, limit: Self.templateLimit),
                name: path
            )
            partials[partial.name] = read
            waiting += read.partials
        }
        return partials
    }

    private func read(_ path: String, limit: Int) throws(MustacheError) -> [UInt8] {
        do throws(SmallFile.Fault) {
            return path == "-"
                ? try SmallFile.readStandardInput(limit: limit)
                : try SmallFile.read(path, limit: limit)
        } catch {
            let what =
                switch error {
                case .unreadable(let errno): "cannot be read: \(errnoText(errno))"
                case .notRegular: "is not a regular file"
                case .tooLarge: "is longer than \(limit) bytes"
                }
            throw MustacheError(unreadable: path, what)
        }
    }

    // MARK: over the list

    private func renderList() async throws {
        let loaded = try options.configuration.load()
        let named = loaded.configuration.outputs.filter { output in
            output.template.map { Self.real($0.text.name) == Self.real(template) } ?? false
        }
        guard let output = named.first else {
            throw ValidationError(
                "no output of the configuration names \(Quoted(template)); give the data with --data FILE."
            )
        }
        if named.count > 1 {
            Terminal.complain(
                "\(named.count) outputs name this template; rendered as for \(output.path)"
            )
        }
        let etcd = try options.registry()
        let rendering = EndpointOutput(output).renderer(prefix: etcd.prefix)
            .render(try await etcd.listed())
        for rejection in rendering.rejections {
            Terminal.complain("skipped: \(rejection.subject): it \(rejection.fault)")
        }
        if let fault = rendering.fault {
            Terminal.complain("\(fault)")
            throw ExitStatus.data
        }
        Terminal.print(String(decoding: rendering.list.bytes, as: UTF8.self))
    }

    /// The path without symbolic links; as it is where there is nothing. See realpath(3).
    private static func real(_ path: String) -> String {
        guard let found = realpath(path, nil) else { return path }
        defer { free(found) }
        return String(cString: found)
    }
}

/// An escape as an argument.
struct EscapeArgument: ExpressibleByArgument {
    /// The escape.
    let name: MustacheEscapeName

    /// Is `nil` for anything but the name of an escape.
    init?(argument: String) {
        guard let name = MustacheEscapeName(rawValue: argument) else { return nil }
        self.name = name
    }

    static var allValueStrings: [String] { MustacheEscapeName.allCases.map(\.rawValue) }
}
