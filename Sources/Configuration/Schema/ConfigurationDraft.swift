import Etcd
import LocalServer
import Registry

/// Merges the configuration files, one after the other, and checks what only all of them together can
/// show.
///
/// A single value of a later file takes the place of an earlier one; services and outputs add up.
struct ConfigurationDraft {
    /// A table of which there may be several.
    struct Declared<Value> {
        var value: Value
        /// Where its table starts.
        let place: SourcePlace
        /// Where that stands which must be unique; the table when it is a default.
        let keyPlace: SourcePlace
        /// `[service "web"]`.
        let name: String?
    }

    /// The users and groups of this host.
    let accounts: Accounts

    init(accounts: Accounts) {
        self.accounts = accounts
    }

    /// The tables of which there is one, as the files have them; the default of all that none of them says.
    var merged = Configuration()
    // Where that stands of it which is looked at together with the rest.
    var endpoints: [Located<EtcdEndpoint>]?
    /// Warnings about endpoints that can be read in two ways.
    var endpointDoubts: [Located<String>] = []
    var username: Located<String>?
    var passwordFile: Located<FilePlace>?
    var caFile: Located<FilePlace>?
    var certFile: Located<FilePlace>?
    var keyFile: Located<FilePlace>?
    var serverName: Located<String>?
    var ttl: Located<Duration>?
    var services: [Declared<Configuration.Service>] = []
    var outputs: [Declared<Configuration.Output>] = []
    /// The templates of outputs, by the path of the output, before they are read.
    var templates: [String: WrittenTemplate] = [:]
    /// The places at which outputs prefer the zone of this host, by the place of their table.
    var ownZonePreferences: [SourcePlace: SourcePlace] = [:]
    /// Where the first `[[output]]` starts, readable or not.
    var firstOutput: SourcePlace?
    /// Where `outputs = []` stands.
    var noOutputs: SourcePlace?

    /// Adds a file to what the earlier ones said.
    ///
    /// - Returns: What is wrong with it by itself.
    mutating func add(_ document: TomlDocument, from file: String) -> ConfigurationFindings {
        var top = TomlTableReader(document, file: file)
        top.table("etcd") { readEtcd(&$0) }
        top.table("host") { readHost(&$0) }
        top.table("lease") { readLease(&$0) }
        top.table("start") { readStart(&$0) }
        top.table("metrics") { readMetrics(&$0) }
        top.table("limits") { readLimits(&$0) }
        top.tables("service", title: "name") { readService(&$0) }
        top.tables("output", title: "path") { readOutput(&$0) }
        readNoOutputs(&top)
        return top.finished()
    }

    /// The files merged, with a default for all that none of them says.
    var configuration: Configuration {
        var configuration = merged
        configuration.services = services.map { inZone($0.value) }
        // The standard output does not take the place of those that were left out.
        if firstOutput != nil || noOutputs != nil {
            configuration.outputs = outputs.map(preferringZone)
        }
        return configuration
    }
}
