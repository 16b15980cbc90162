import ArgumentParser
import Configuration
import EndpointFiles
import Etcd
import EtcdRegistry
import Machines
import Registry
import ServiceLifecycle

/// `discoveryd watch`: the live endpoints, and each change as it comes.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Print the live endpoints and then each change, until interrupted.",
        discussion: """
            In text, a line starts with + for an endpoint that was added, - for one that was removed and ~ \
            for one that changed. In JSON, each list is printed whole, as in the files.
            """
    )

    @OptionGroup var options: RegistryOptions

    @Option(name: .shortAndLong, help: "text, or json: the same JSON as in the files.")
    var output = OutputStyle.text

    func run() async throws {
        let etcd = try options.registry()
        let client = EtcdClient(EtcdClient.Configuration(etcd)) { event in
            switch event {
            case .allFailed: break
            case .attemptFailed(let endpoint, let error):
                Terminal.complain("discoveryd: \(endpoint): \(error.message)")
            case .lost(let endpoint, let reason):
                Terminal.complain("discoveryd: \(endpoint): \(reason)")
            case .filesNeedCare(_, let sentence): Terminal.complain("discoveryd: \(sentence)")
            case .connected: break
            }
        }
        let printer = ChangePrinter(prefix: etcd.prefix, style: output)
        let watcher = EndpointWatcher(
            store: EtcdRegistryStore(client),
            settings: .init(prefix: etcd.prefix),
            generator: SeededGenerator(seed: .random(in: 0...UInt64.max)),
            timeline: Timeline(),
            listeners: .init(list: { watcher in
                if let list = watcher.newest { printer.print(list) }
            })
        )
        await withTaskGroup { group in
            group.addTask { await client.run() }
            group.addTask { await watcher.run() }
            await group.waitForAll()
        }
    }
}
