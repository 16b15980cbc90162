import Files
import Machines
import Programs
import Registry
import Synchronization
import TestKit
import Testing

@testable import EndpointFiles

/// From a changed list to the real HAProxy.
@Suite struct HAProxyUpdaterTests {
    private static let first = "backend web\n    server web-1 10.0.0.1:80 weight 100\n"

    @Test func `changes of servers reach the process without a check, a wait or a reload`()
        async throws
    {
        try await serving(Self.first) { haproxy, scene in
            let one = try Lists.endpoint("web", "web-1", address: "10.0.0.1", port: 80)
            let two = try Lists.endpoint(
                "web",
                "web-2",
                address: "2001:db8::2",
                port: 81,
                weight: 7
            )
            scene.publish([one, two])
            try await eventually("a server is added") {
                haproxy.lines() == ["web-1 10.0.0.1:80 100 0", "web-2 [2001:db8::2]:81 7 0"]
            }
            let drained = try Lists.endpoint(
                "web",
                "web-1",
                address: "10.0.0.1",
                port: 80,
                state: .draining
            )
            let moved = try Lists.endpoint("web", "web-2", address: "10.0.0.2", port: 82, weight: 9)
            scene.publish([drained, moved])
            try await eventually("one drains, one moves") {
                haproxy.lines() == ["web-1 10.0.0.1:80 0 0", "web-2 10.0.0.2:82 9 0"]
            }
            scene.publish([moved])
            try await eventually("one has left and is deleted") {
                haproxy.lines() == ["web-2 10.0.0.2:82 9 0"]
            }
            try await eventually("the mark of the reload is gone") {
                !ReloadMark(of: haproxy.list).isSet
            }
            #expect(scene.reloads == 0)
            #expect(scene.checks == 0)
            #expect(
                haproxy.directory.read("list.cfg")
                    == "backend web\n    server web-2 10.0.0.2:82 weight 9\n"
            )
            // A reload agrees with what was told.
            try await haproxy.reload()
            #expect(haproxy.lines() == ["web-2 10.0.0.2:82 9 0"])
        }
    }

    @Test func `options are for the file and for servers that are added`() async throws {
        let text = "backend web\n    server web-1 10.0.0.1:80 weight 100 check inter 60s\n"
        try await serving(text, options: "check inter 60s") { haproxy, scene in
            let one = try Lists.endpoint("web", "web-1", address: "10.0.0.1", port: 80)
            scene.publish([one, try Lists.endpoint("web", "web-2", address: "10.0.0.2", port: 80)])
            try await eventually("a server is added, and its check runs") {
                let found = try haproxy.servers().map(\.check)
                return found.count == 2
                    && found.allSatisfy { $0.isSuperset(of: [.configured, .enabled]) }
            }
            #expect(scene.reloads == 0)
        }
    }

    @Test func `what only a reload can do is checked and reloaded`() async throws {
        try await serving(Self.first, options: "check") { haproxy, scene in
            let one = try Lists.endpoint("web", "web-1", address: "10.0.0.1", port: 80)
            scene.publish([one])
            try await eventually("the reload is done") {
                try haproxy.servers().map(\.check.rawValue).contains { $0 & 2 != 0 }
            }
            #expect(scene.reloads == 1)
            #expect(scene.checks == 1)
            try await eventually("it is known to be current") {
                scene.status == .current(leaving: 0, setByHand: [])
            }
        }
    }

    @Test func `a backup comes without a reload, and a spill takes one`() async throws {
        let list = """
            backend web
                option allbackups
                server web-1 10.0.0.1:80 weight 100

            """
        try await serving(list, zones: ZonePreference(zones: ["a"])) { haproxy, scene in
            let mine = try Lists.endpoint("web", "web-1", address: "10.0.0.1", port: 80, zone: "a")
            let other = try Lists.endpoint("web", "web-2", address: "10.0.0.2", port: 80, zone: "b")
            scene.publish([mine, other])
            try await eventually("a backup is added") {
                haproxy.lines() == ["web-1 10.0.0.1:80 100 0", "web-2 10.0.0.2:80 100 0"]
            }
            #expect(haproxy.directory.read("list.cfg")?.contains("weight 100 backup\n") == true)
            #expect(scene.reloads == 0)
            scene.publish([other])
            try await eventually("the reload is done") {
                haproxy.lines() == ["web-2 10.0.0.2:80 100 0"] && scene.reloads == 1
            }
            #expect(haproxy.directory.read("list.cfg")?.contains(" backup\n") == false)
            #expect(scene.checks == 1)
        }
    }

    @Test func `a balancing that takes no new servers is reloaded, with HAProxy's words`()
        async throws
    {
        try await serving(Self.first, balance: "static-rr") { haproxy, scene in
            let one = try Lists.endpoint("web", "web-1", address: "10.0.0.1", port: 80)
            scene.publish([one, try Lists.endpoint("web", "web-2", address: "10.0.0.2", port: 80)])
            try await eventually("the reload is done") {
                haproxy.lines() == ["web-1 10.0.0.1:80 100 0", "web-2 10.0.0.2:80 100 0"]
            }
            #expect(scene.reloads == 1)
            let reason = scene.reports.firstNonNil {
                if case .reloadNeeded(_, let reason) = $0 { reason } else { nil }
            }
            #expect(reason?.contains("did not do 'add server web/web-2") == true, "\(reason ?? "")")
            #expect(reason?.contains("dynamic load balancing") == true, "\(reason ?? "")")
        }
    }

    @Test func `what is set by hand stays, and a reload by hand is recognized`() async throws {
        try await serving(Self.first) { haproxy, scene in
            let one = try Lists.endpoint("web", "web-1", address: "10.0.0.1", port: 80)
            scene.publish([one])
            _ = try haproxy.socket.ask("set server web/web-1 state maint")
            scene.publish([one, try Lists.endpoint("web", "web-2", address: "10.0.0.2", port: 80)])
            try await eventually("it is left and said") {
                scene.status == .current(leaving: 0, setByHand: ["web/web-1 is in state maint"])
            }
            #expect(haproxy.lines() == ["web-1 10.0.0.1:80 100 1", "web-2 10.0.0.2:80 100 0"])
            try await haproxy.reload()
            scene.publish([one])
            try await eventually("the new process is told as well") {
                haproxy.lines() == ["web-1 10.0.0.1:80 100 0"]
            }
            // The old worker may answer for a moment.
            try await eventually("the new process is seen") {
                scene.reports.contains { if case .processChanged = $0 { true } else { false } }
            }
            try await eventually("and has what the file says") {
                haproxy.lines() == ["web-1 10.0.0.1:80 100 0"]
            }
            #expect(scene.reloads == 0)
        }
    }

    @Test func `a HAProxy that is not there takes the check and the reload of each change`()
        async throws
    {
        try await serving(Self.first, socket: "nowhere") { haproxy, scene in
            scene.publish([try Lists.endpoint("web", "web-1", address: "10.0.0.9", port: 80)])
            try await eventually("it is reloaded instead") {
                haproxy.lines() == ["web-1 10.0.0.9:80 100 0"]
            }
            #expect(scene.reloads == 1 && scene.checks == 1)
            guard case .unreachable(let fault) = scene.status else {
                Issue.record("\(String(describing: scene.status))")
                return
            }
            #expect(fault.code == .notRunning)
        }
    }

    @Test(arguments: ["half", "nothing", "hang", "garbage"])
    func `a peer that answers half, nothing, never or nonsense is a fault`(mode: String)
        async throws
    {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("admin")
            let peer = try ChildProcess(Consumer.python3.path(), ["-c", Self.peer, path, mode])
            defer { peer.kill() }
            try await eventually("the peer listens", within: .seconds(30)) {
                directory.names.contains("ready")
            }
            var socket = RuntimeSocket(path: path)
            socket.limit = mode == "hang" ? .milliseconds(300) : .seconds(10)
            let code: RuntimeFault.Code =
                ["hang": .noAnswer, "nothing": .interrupted][mode] ?? .unexpected
            let fault = #expect(throws: RuntimeFault.self) {
                try RunningServer.servers(inState: socket.ask("show servers state web"))
            }
            #expect(fault?.code == code, "\(fault?.message ?? "")")
        }
    }

    private static let peer = """
        import os, socket, sys, time
        path, mode = sys.argv[1:]
        s = socket.socket(socket.AF_UNIX)
        s.bind(path)
        s.listen()
        open(os.path.join(os.path.dirname(path), "ready"), "w").close()
        kept = []
        while True:
            c, _ = s.accept()
            c.recv(1000)
            if mode == "half": c.sendall(b"1\\n# be_id srv_name srv_addr srv_admin_state srv_uweight\\n3 a 10.0")
            if mode == "garbage": c.sendall(b"\\x00\\xff;quit\\n\\n")
            if mode == "hang": kept.append(c)
            else: c.close()
        """

    // MARK: the parts together

    /// Publisher, updater and reloader, joined as the daemon joins them.
    private final class Scene: Sendable {
        let publisher: EndpointPublisher
        let updater: HAProxyUpdater
        let reloader: Reloader
        private let path: String
        private let counts = Counts()
        private let said = Reports()
        private let revision = Mutex<Int64>(100)

        var reloads: Int { counts.value.withLock { $0.reloads } }
        var checks: Int { counts.value.withLock { $0.checks } }
        var reports: [RuntimeReport] { said.value.withLock { $0 } }
        var status: RuntimeStatus? { updater.statuses[path] }

        init(
            _ haproxy: RunningHAProxy,
            _ options: HAProxyServerOptions?,
            socket: String,
            zones: ZonePreference?
        ) throws {
            path = haproxy.list
            let (counts, said) = (counts, said)
            let threads = BlockingThreads()
            let programs = ProgramRunner { _, _ throws(ProgramFault) in
                counts.value.withLock { $0.checks += 1 }
                return []
            }
            let action = ReloadAction(.command(["reload"]), interval: .zero)
            let reloader = Reloader(
                place: 0,
                generator: SeededGenerator(seed: 1),
                timeline: Timeline(),
                threads: threads,
                perform: { _ throws(ReloadFault) in
                    counts.value.withLock { $0.reloads += 1 }
                    do { try await haproxy.reload() } catch {
                        throw ReloadFault(message: "\(error)")
                    }
                    return .done
                }
            )
            let updater = HAProxyUpdater(
                timeline: Timeline(),
                threads: threads,
                programs: programs,
                reload: { reloader.fileReplaced($0) },
                cancelReload: { reloader.fileTakenUp($0) },
                observe: { report in said.value.withLock { $0.append(report) } }
            )
            publisher = EndpointPublisher(
                renderers: RendererPool(prefix: .standard),
                generator: SeededGenerator(seed: 1),
                timeline: Timeline(),
                threads: threads,
                programs: programs,
                replaced: { path, isChecked in updater.fileReplaced(path, isChecked: isChecked) }
            )
            self.updater = updater
            self.reloader = reloader
            var output = EndpointOutput(
                path: path,
                services: try Lists.names("web"),
                mode: 0o600,
                format: .haproxy(options: options)
            )
            output.zones = zones
            output.hasReload = true
            output.hasRuntime = true
            output.check = ProgramCall(["check", "{file}"])
            output.wait = OutputWait(min: .milliseconds(100), max: .milliseconds(200))
            reloader.setActions([path: action], except: [path])
            updater.setOutputs([
                RuntimeOutput(
                    path: path,
                    socket: haproxy.directory.file(socket),
                    check: output.check
                )
            ])
            publisher.setOutputs([output])
        }

        func publish(_ endpoints: [Endpoint]) {
            let number = revision.withLock { revision in
                revision += 1
                return revision
            }
            publisher.publish(Lists.update(endpoints, revision: Revision(rawValue: number)))
        }

        private final class Counts: Sendable {
            let value = Mutex<(reloads: Int, checks: Int)>((0, 0))
        }

        private final class Reports: Sendable {
            let value = Mutex<[RuntimeReport]>([])
        }
    }

    private func serving(
        _ list: String,
        options: String? = nil,
        balance: String = "roundrobin",
        socket: String = "admin",
        zones: ZonePreference? = nil,
        _ body: @escaping (RunningHAProxy, Scene) async throws -> Void
    ) async throws {
        try await RunningHAProxy.with(list, balance: balance) { haproxy in
            let options = try options.map { try #require(HAProxyServerOptions($0)) }
            let scene = try Scene(haproxy, options, socket: socket, zones: zones)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await scene.publisher.run() }
                group.addTask { await scene.updater.run() }
                group.addTask { await scene.reloader.run(loaded: { scene.updater.reloaded($0) }) }
                defer { group.cancelAll() }
                try await body(haproxy, scene)
            }
        }
    }
}

extension Sequence {
    fileprivate func firstNonNil<Value>(_ transform: (Element) -> Value?) -> Value? {
        for element in self { if let value = transform(element) { return value } }
        return nil
    }
}
