import FoundationEssentials
import Registry
import Synchronization

/// Shows on the screen of `discoveryd dev` how to play with it, and the live list.
final class DevScreen: Sendable {
    let etcd: String
    let output: String
    let isInteractive: Bool
    private let shown = Mutex<EndpointTable?>(nil)

    init(etcd: String, output: String, isInteractive: Bool) {
        self.etcd = etcd
        self.output = output
        self.isInteractive = isInteractive
    }

    /// What to type in another terminal.
    var introduction: String {
        let etcdctl = "ETCDCTL_API=3 etcdctl --endpoints=\(etcd)"
        let program = CommandLine.arguments.first ?? "discoveryd"
        return """
            discoveryd dev: a private etcd at \(etcd), and this host's "web" in it.
            The live list is in \(output)

            In another terminal, add an endpoint, and remove it:
              \(etcdctl) put services/web/other 10.0.0.7:8080
              \(etcdctl) del services/web/other
            Look at the list:
              \(program) list --endpoints \(etcd) --prefix services/
            Ctrl-C ends it all and leaves nothing behind.


            """
    }

    /// Shows the list as it is now: in the place of the last one on a terminal, below it in a file. A list that is
    /// the same as the last shows nothing.
    func show(_ update: TableUpdate) {
        let isSame = shown.withLock { shown in
            defer { shown = update.table }
            return shown == update.table
        }
        guard !isSame else { return }
        let table = EndpointTableText.text(update.table)
        let title = "revision \(update.revision) at \(Date().ISO8601Format())\n"
        // Home, then clear to the end: nothing flickers as with a cleared screen.
        let frame = isInteractive ? "\u{1b}[H\u{1b}[J" + introduction : ""
        Terminal.show(frame + title + table + "\n")
    }
}
