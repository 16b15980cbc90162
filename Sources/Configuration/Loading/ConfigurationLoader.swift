/// Reads the configuration files, merges them and checks all of it.
///
/// The main file comes first, then every `*.conf` of the directory beside it whose name is the
/// file's with `.d` added, in the order of their names. Single values of a later file take the place
/// of earlier ones, services and outputs add up. A symbolic link to `/dev/null` in that directory
/// masks a file.
package struct ConfigurationLoader: Sendable {
    /// The main file when none is named.
    package static let standardPath = "/etc/discoveryd.conf"
    /// The largest file that is read, in bytes.
    static let sizeLimit = 1024 * 1024

    /// The name of this host; it makes the ids of services that configure none.
    package let hostname: String
    /// Where the files are.
    package let source: ConfigurationSource
    /// The users and groups of this host.
    let accounts: Accounts
    /// The files that the daemon reads and writes beside those of the configuration.
    let reserved: [ReservedFile]
    /// Whether files are looked at by the user that the daemon runs as. What another one may not read says
    /// nothing of what the daemon may.
    let seesAsDaemon: Bool

    package init(
        hostname: String,
        source: ConfigurationSource = .disk,
        accounts: Accounts = .ofHost,
        reserved: [ReservedFile] = [],
        seesAsDaemon: Bool = true
    ) {
        self.hostname = hostname
        self.source = source
        self.accounts = accounts
        self.reserved = reserved
        self.seesAsDaemon = seesAsDaemon
    }

    /// Reads everything anew.
    ///
    /// - Parameter path: The main file, which must exist; `nil` is ``standardPath``, which need not.
    /// - Throws: ``ConfigurationFaults`` with every fault of every file. The parser stops at the
    ///   first syntax error of a file; the other files are still checked.
    package func load(_ path: String? = nil) throws(ConfigurationFaults) -> LoadedConfiguration {
        let main = path ?? Self.standardPath
        var run = Run(source: source, accounts: accounts)
        run.readMain(main, mayBeMissing: path == nil)
        run.readDirectory(main + ".d")
        run.findings.warnings += run.draft.leaveOutNestedNames(hostname: hostname)
        run.findings.add(run.draft.loadTemplates(from: source, hostname: hostname))
        let refused = run.draft.leaveOutTakenPlaces(
            main: main,
            files: run.files,
            reserved: reserved,
            source: source
        )
        run.findings.add(
            run.draft.crossChecked(
                hostname: hostname,
                source: source,
                seesAsDaemon: seesAsDaemon
            )
        )
        if let faults = ConfigurationFaults(run.inOrder(run.findings.faults)) { throw faults }
        return LoadedConfiguration(
            configuration: run.draft.configuration,
            warnings: run.inOrder(run.findings.warnings),
            refused: run.inOrder(refused),
            files: run.files
        )
    }
}

/// A configuration that may be used.
package struct LoadedConfiguration: Equatable, Sendable {
    package let configuration: Configuration
    /// The settings that are allowed but doubtful, in the order of the files.
    package let warnings: [ConfigurationFault]
    /// The faults for which outputs are left out, in the order of the files. The rest is in force.
    package var refused: [ConfigurationFault] = []
    /// The files that were read, in that order; empty when there is none.
    package let files: [String]

    package init(
        configuration: Configuration,
        warnings: [ConfigurationFault],
        refused: [ConfigurationFault] = [],
        files: [String]
    ) {
        self.configuration = configuration
        self.warnings = warnings
        self.refused = refused
        self.files = files
    }
}

extension ConfigurationLoader {
    /// One pass over the files.
    private struct Run {
        let source: ConfigurationSource
        var draft: ConfigurationDraft
        var findings = ConfigurationFindings()
        var files: [String] = []
        /// Everything that was looked at, in that order.
        private var paths: [String] = []

        init(source: ConfigurationSource, accounts: Accounts) {
            self.source = source
            draft = ConfigurationDraft(accounts: accounts)
        }

        mutating func readMain(_ path: String, mayBeMissing: Bool) {
            read(path, whenMissing: mayBeMissing ? nil : "; name another with --config")
        }

        mutating func readDirectory(_ path: String) {
            paths.append(path)
            do throws(ConfigurationSource.Failure) {
                let names = try source.listDirectory(path).filter {
                    // Editors leave hidden files behind.
                    $0.hasSuffix(".conf") && !$0.hasPrefix(".")
                }
                for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
                    read("\(path)/\(name)", whenMissing: "; a symbolic link may lead nowhere")
                }
            } catch {
                if error != .missing { fault(path, error.sentence) }
            }
        }

        /// Reads a file. When there is none that is a fault with `whenMissing` for a remedy, or none
        /// when that is `nil`.
        private mutating func read(_ path: String, whenMissing: String?) {
            paths.append(path)
            do throws(ConfigurationSource.Failure) {
                let bytes = try source.readFile(path, ConfigurationLoader.sizeLimit)
                files.append(path)
                add(bytes, from: path)
            } catch {
                switch error {
                case .missing: if let whenMissing { fault(path, error.sentence + whenMissing) }
                default: fault(path, error.sentence)
                }
            }
        }

        private mutating func add(_ bytes: [UInt8], from path: String) {
            do throws(TomlSyntaxError) {
                findings.add(draft.add(try TomlDocument(parsing: bytes), from: path))
            } catch {
                let place = SourcePlace(file: path, position: error.position)
                findings.faults.append(ConfigurationFault(at: place, error.sentence))
            }
        }

        private mutating func fault(_ path: String, _ sentence: String) {
            findings.faults.append(ConfigurationFault(file: path, sentence))
        }

        /// By file, then by place; what stands at the same place stays in the order it was found.
        func inOrder(_ faults: [ConfigurationFault]) -> [ConfigurationFault] {
            let top = SourcePosition(line: 0, column: 0)
            return faults.enumerated().map { found in
                let fault = found.element
                let file = paths.firstIndex(of: fault.file) ?? paths.count
                return (rank: (file, fault.position ?? top, found.offset), fault: fault)
            }
            .sorted { $0.rank < $1.rank }
            .map(\.fault)
        }
    }
}
