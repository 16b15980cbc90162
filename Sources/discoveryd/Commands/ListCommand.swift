import ArgumentParser
import Configuration
import EndpointFiles
import Etcd
import EtcdRegistry
import Registry

/// `discoveryd list`: the live endpoints, once.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Print the live endpoints, as etcd has them now."
    )

    @OptionGroup var options: RegistryOptions

    @Option(name: .shortAndLong, help: "text, or json: the same JSON as in the files.")
    var output = OutputStyle.text

    func run() async throws {
        let etcd = try options.registry()
        let list = try await etcd.listed()
        switch output {
        case .text: Terminal.print(EndpointTableText.text(list.table))
        case .json:
            var renderer = JSONListRenderer(prefix: etcd.prefix, services: nil)
            Terminal.print(String(decoding: renderer.render(list).bytes, as: UTF8.self))
        }
    }
}

extension Configuration.Etcd {
    /// The list as etcd has it now; records that cannot be read are said and left out.
    ///
    /// - Throws: ``ExitStatus/unavailable`` after it was said why.
    func listed() async throws -> TableUpdate {
        let snapshot: Snapshot
        do {
            snapshot = try await EtcdClient.withClient(EtcdClient.Configuration(self)) { client in
                try await EtcdRegistryStore(client).snapshot(of: prefix)
            }
        } catch {
            Terminal.complain("discoveryd: \(error)")
            throw ExitStatus.unavailable
        }
        let (table, bad) = EndpointTable.read(snapshot, prefix: prefix)
        for (key, fault) in bad.sorted(by: { $0.key < $1.key }) {
            Terminal.complain("skipped: \(key): \(fault)")
        }
        return TableUpdate(
            table: table,
            clusterID: snapshot.clusterID,
            revision: snapshot.revision
        )
    }
}
