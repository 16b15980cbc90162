@testable import Configuration

/// A configuration that lies in memory, and what comes of loading it on the host `box`.
struct ConfigurationFixture {
    var hostname = "box"
    private let source: ConfigurationSource

    /// Files by path; a directory exists when there is a file in it.
    init(
        _ files: [String: String],
        failures: [String: ConfigurationSource.Failure] = [:],
        mode: String = "0640",
        credentials: String? = nil,
        missingPrograms: Set<String> = []
    ) {
        source = ConfigurationSource(
            readFile: { path, limit throws(ConfigurationSource.Failure) in
                if let failure = failures[path] { throw failure }
                guard let text = files[path] else { throw .missing }
                if text.utf8.count > limit { throw .tooLarge }
                return Array(text.utf8)
            },
            listDirectory: { path throws(ConfigurationSource.Failure) in
                if let failure = failures[path] { throw failure }
                // Not sorted, as a directory is not.
                let names = Set(files.keys).union(failures.keys).compactMap { file in
                    file.hasPrefix("\(path)/") ? String(file.dropFirst(path.count + 1)) : nil
                }
                if names.isEmpty { throw .missing }
                return names
            },
            lookAtFile: { path throws(ConfigurationSource.Failure) in
                if let failure = failures[path] { throw failure }
                guard files[path] != nil, let mode = FileMode(mode) else { throw .missing }
                return mode
            },
            hasProgram: { !missingPrograms.contains($0) },
            credentials: credentials
        )
    }

    /// One file in the standard place.
    init(_ text: String) {
        self.init([ConfigurationLoader.standardPath: text])
    }

    func load(_ path: String? = nil) throws(ConfigurationFaults) -> LoadedConfiguration {
        try ConfigurationLoader(hostname: hostname, source: source, accounts: Self.accounts)
            .load(path)
    }

    /// A host with the user and group `root`, and with `haproxy`.
    private static let accounts = Accounts(
        userID: { ["root": 0, "haproxy": 101][$0] },
        groupID: { ["root": 0, "haproxy": 102][$0] }
    )

    /// What is read when there is no fault.
    func configuration() throws(ConfigurationFaults) -> Configuration {
        try load().configuration
    }

    /// The faults as they are printed, the standard path left out.
    func faults(_ path: String? = nil) -> [String] {
        do throws(ConfigurationFaults) {
            _ = try load(path)
            return []
        } catch {
            return error.faults.map(Self.short)
        }
    }

    /// The warnings as they are printed, the standard path left out.
    func warnings() throws(ConfigurationFaults) -> [String] {
        try load().warnings.map(Self.short)
    }

    private static func short(_ fault: ConfigurationFault) -> String {
        let text = fault.description
        let isStandard = fault.file == ConfigurationLoader.standardPath && fault.position != nil
        return isStandard ? String(text.dropFirst(fault.file.count + 1)) : text
    }
}
