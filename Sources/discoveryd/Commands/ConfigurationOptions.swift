import ArgumentParser
import Configuration
import Daemon

/// Options that choose the configuration.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: [.customShort("c"), .customLong("config")],
        help: ArgumentHelp(
            "The configuration file; FILE.d/*.conf are read after it.",
            valueName: "file"
        ),
        completion: .file()
    )
    var path: String?

    /// Reads the configuration.
    ///
    /// - Throws: ``ExitStatus/configuration`` after the faults were said.
    func load() throws -> LoadedConfiguration {
        try load(by: ConfigurationLoader(hostname: HostName.current))
    }

    /// Reads the configuration by another loader than the usual one.
    ///
    /// - Throws: ``ExitStatus/configuration`` after the faults were said.
    func load(by loader: ConfigurationLoader) throws -> LoadedConfiguration {
        do {
            return try loader.load(path)
        } catch {
            Terminal.complain("\(error)")
            throw ExitStatus.configuration
        }
    }
}
