import ArgumentParser
import Configuration
import Etcd
import Registry

/// Options that choose the registry of a command: named on the command line, or that of the configuration.
struct RegistryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "etcd's client addresses, separated by commas (default: those of the configuration).",
            valueName: "addresses"
        )
    )
    var endpoints: String?

    @Option(help: "The prefix of the services' keys (default: that of the configuration).")
    var prefix: String?

    @OptionGroup var configuration: ConfigurationOptions

    /// Where to look.
    ///
    /// - Throws: A validation error for what cannot be, or ``ExitStatus/configuration``.
    func registry() throws -> Configuration.Etcd {
        // With both named, a faulty configuration is none of this command's business.
        var etcd =
            endpoints != nil && prefix != nil
            ? Configuration.Etcd() : try configuration.load().configuration.etcd
        if let endpoints {
            etcd.endpoints = try endpoints.split(separator: ",").map { text in
                do throws(EtcdError) {
                    return try EtcdEndpoint(String(text))
                } catch {
                    throw ValidationError("--endpoints: \(error.message)")
                }
            }
            guard !etcd.endpoints.isEmpty else {
                throw ValidationError("--endpoints: name at least one, such as 127.0.0.1:2379")
            }
        }
        if let prefix {
            guard let prefix = RegistryPrefix(prefix) else {
                throw ValidationError(
                    "--prefix: printable ASCII and not only slashes, such as services/"
                )
            }
            etcd.prefix = prefix
        }
        return etcd
    }
}

/// The output format of a command.
enum OutputStyle: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
}
