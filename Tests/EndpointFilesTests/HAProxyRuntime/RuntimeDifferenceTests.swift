import Testing

@testable import EndpointFiles

@Suite struct RuntimeDifferenceTests {
    private let a = RuntimeCommand.Target(backend: "web", server: "a")
    private let b = RuntimeCommand.Target(backend: "web", server: "b")

    @Test func `nothing differs`() throws {
        let servers = ["a 10.0.0.1:80 5", "b [2001:db8::2]:80 0"]
        let found = try difference(
            servers,
            was: servers,
            running: ["a 10.0.0.1:80 5", "b [2001:db8:0::2]:80 0"]
        )
        #expect(found == RuntimeDifference())
    }

    @Test func `a server that is new is added, checked and made ready`() throws {
        let new = try server("b 10.0.0.2:80 7 check inter 2s")
        let found = try difference(
            ["a 10.0.0.1:80 5 check inter 2s", "b 10.0.0.2:80 7 check inter 2s"],
            was: ["a 10.0.0.1:80 5 check inter 2s"],
            running: ["a 10.0.0.1:80 5"]
        )
        #expect(found.commands == [.add(b, new), .enableCheck(b), .ready(b)])
        #expect(
            found.commands.map(\.text) == [
                "add server web/b 10.0.0.2:80 weight 7 check inter 2s", "enable health web/b",
                "set server web/b state ready",
            ]
        )
        #expect(found.reloadReason == nil)
    }

    @Test func `a server that has left drains`() throws {
        let found = try difference(
            ["a 10.0.0.1:80 5"],
            was: ["a 10.0.0.1:80 5", "b 10.0.0.2:80 5"],
            running: ["a 10.0.0.1:80 5", "b 10.0.0.2:80 5"]
        )
        #expect(found.commands == [])
        #expect(found.drains == [.drain(b)])
        #expect(found.leaving == [b])
    }

    @Test func `servers that are replaced by others serve until those do`() throws {
        let found = try difference(
            ["b 10.0.0.2:80 5"],
            was: ["a 10.0.0.1:80 5"],
            running: ["a 10.0.0.1:80 5"]
        )
        #expect(found.commands == [.add(b, try server("b 10.0.0.2:80 5")), .ready(b)])
        #expect(found.drains == [] && found.lastDrains == [.drain(a)])
        // When they come with a reload, nobody else is there until it is done.
        let named = try difference(
            ["b example.org:80 5"],
            was: ["a 10.0.0.1:80 5"],
            running: ["a 10.0.0.1:80 5"]
        )
        #expect(named.reloadReason == "web/b has a host name")
        #expect(named.drains == [] && named.lastDrains == [])
        #expect(named.leaving == [a])
    }

    @Test func `a server that was never in a file is left, unless it is out of service`() throws {
        let servers = ["a 10.0.0.1:80 5"]
        let found = try difference(servers, was: servers, running: servers + ["b 10.0.0.2:80 5"])
        #expect(found.drains == [] && found.leaving == [])
        #expect(found.setByHand == [SetByHand(b, .unknown)])
        // The last run may have left it so.
        let drained = try difference(
            servers,
            was: servers,
            running: servers + ["b 10.0.0.2:80 5"],
            admin: ["b": .drain]
        )
        #expect(drained.leaving == [b] && drained.setByHand == [])
        let named = try difference(
            servers,
            was: servers,
            running: servers + ["b 10.0.0.2:80 5"],
            named: [b]
        )
        #expect(named.drains == [.drain(b)])
    }

    @Test func `an agent check may set weight and state`() throws {
        let servers = ["a 10.0.0.1:80 5 agent-check agent-port 1"]
        let found = try difference(
            servers,
            was: servers,
            running: ["a 10.0.0.1:80 3"],
            admin: ["a": .drain],
            isNew: true
        )
        #expect(found == RuntimeDifference())
    }

    @Test(arguments: [RunningServer.AdminState.drain, .maintenance])
    func `one that waits for its deletion is no difference`(state: RunningServer.AdminState) throws
    {
        let found = try difference(
            ["a 10.0.0.1:80 5"],
            was: ["a 10.0.0.1:80 5"],
            running: ["a 10.0.0.1:80 5", "b 10.0.0.2:80 5"],
            admin: ["b": state]
        )
        #expect(found.commands == [])
        #expect(found.leaving == [b])
    }

    @Test func `one that returns before it was deleted is made ready`() throws {
        let found = try difference(
            ["a 10.0.0.1:80 5", "b 10.0.0.9:81 7"],
            was: ["a 10.0.0.1:80 5"],
            running: ["a 10.0.0.1:80 5", "b 10.0.0.2:80 5"],
            admin: ["b": .drain]
        )
        let address = try server("b 10.0.0.9:81 7").address
        #expect(found.commands == [.readdress(b, address, 81), .weigh(b, 7), .ready(b)])
    }

    @Test func `weights and addresses that changed in the file are set`() throws {
        let found = try difference(
            ["a 10.0.0.1:80 0", "b 10.0.0.3:80 5"],
            was: ["a 10.0.0.1:80 5", "b 10.0.0.2:80 5"],
            running: ["a 10.0.0.1:80 5", "b 10.0.0.2:80 5"]
        )
        let address = try server("b 10.0.0.3:80 5").address
        #expect(found.commands == [.weigh(a, 0), .readdress(b, address, 80)])
    }

    @Test func `what an administrator set is left until the file changes it`() throws {
        let servers = ["a 10.0.0.1:80 5", "b 10.0.0.2:80 5"]
        let byHand = try difference(
            servers,
            was: servers,
            running: ["a 10.0.0.1:80 9", "b 10.0.0.2:80 5"],
            admin: ["b": .maintenance]
        )
        #expect(byHand.commands == [])
        #expect(
            byHand.setByHand == [
                SetByHand(a, .weight(9, inFile: 5)), SetByHand(b, .state("maint")),
            ]
        )
        // A new weight says nothing of the state.
        let weighed = try difference(
            ["a 10.0.0.1:80 7", "b 10.0.0.2:80 6"],
            was: servers,
            running: ["a 10.0.0.1:80 9", "b 10.0.0.2:80 5"],
            admin: ["b": .maintenance]
        )
        #expect(weighed.commands == [.weigh(a, 7), .weigh(b, 6)])
        #expect(weighed.setByHand == [SetByHand(b, .state("maint"))])
    }

    @Test func `a check that was disabled by hand stays so`() throws {
        var running = RunningServer(
            name: "a",
            address: try server("a 10.0.0.1:80 5").address,
            port: 80,
            weight: 5
        )
        running.check = .configured
        let backend = HAProxyFile.Backend(
            name: "web",
            servers: [try server("a 10.0.0.1:80 5 check")]
        )
        let found = RuntimeDifference(backend, running: [running], knowing(backend))
        #expect(found.commands == [])
        #expect(found.setByHand == [SetByHand(a, .checkDisabled)])
        var ours = knowing(backend)
        ours.ours = [a]
        #expect(RuntimeDifference(backend, running: [running], ours).commands == [.enableCheck(a)])
    }

    @Test func `weights of a process that has just started are nobody's`() throws {
        let servers = ["a 10.0.0.1:80 5"]
        let found = try difference(servers, was: servers, running: ["a 10.0.0.1:80 9"], isNew: true)
        #expect(found.commands == [.weigh(a, 5)])
    }

    @Test func `without a file to compare with weights are set, and states left to the reload`()
        throws
    {
        let found = try difference(
            ["a 10.0.0.1:80 5"],
            was: nil,
            running: ["a 10.0.0.1:80 9"],
            admin: ["a": .maintenance]
        )
        #expect(found.commands == [.weigh(a, 5)])
    }

    @Test func `a backend that HAProxy does not have takes a reload`() throws {
        let backend = HAProxyFile.Backend(name: "web", servers: [try server("a 10.0.0.1:80 5")])
        let found = RuntimeDifference(backend, running: nil, knowing(backend))
        #expect(found.commands == [])
        #expect(found.reloadReason == "HAProxy has no backend web")
    }

    @Test func `a host name that is new takes a reload, one that is there does not`() throws {
        let new = try difference(["a example.org:80 5"], was: [], running: [])
        #expect(new.commands == [])
        #expect(new.reloadReason == "web/a has a host name")
        var running = RunningServer(name: "a", address: nil, port: 80, weight: 4)
        running.hostName = try server("a example.org:80 5").address
        let backend = HAProxyFile.Backend(name: "web", servers: [try server("a example.org:80 5")])
        let same = RuntimeDifference(backend, running: [running], .init())
        #expect(same.commands == [.weigh(a, 5)])
        #expect(same.reloadReason == nil)
    }

    @Test func `what default-server gave to the others an added server would lack`() throws {
        var running = RunningServer(
            name: "a",
            address: try server("a 10.0.0.1:80 5").address,
            port: 80,
            weight: 5
        )
        running.check = [.configured, .enabled]
        let backend = HAProxyFile.Backend(
            name: "web",
            servers: [try server("a 10.0.0.1:80 5"), try server("b 10.0.0.2:80 5")]
        )
        let found = RuntimeDifference(backend, running: [running], knowing(backend))
        #expect(found.commands == [])
        #expect(found.reloadReason?.contains("server_options = \"check\"") == true)
    }

    private func knowing(_ backend: HAProxyFile.Backend) -> RuntimeDifference.Knowledge {
        var file = HAProxyFile()
        file.backends = [backend]
        return .init(told: file)
    }

    private func difference(
        _ wanted: [String],
        was: [String]?,
        running: [String],
        admin: [String: RunningServer.AdminState] = [:],
        named: Set<RuntimeCommand.Target> = [],
        isNew: Bool = false
    ) throws -> RuntimeDifference {
        RuntimeDifference(
            .init(name: "web", servers: try wanted.map(server)),
            running: try running.map { text in
                let server = try server(text)
                return RunningServer(
                    name: server.name,
                    address: server.address,
                    port: server.port,
                    weight: server.weight,
                    admin: admin[server.name] ?? []
                )
            },
            .init(told: try was.map { try file("web", $0) }, named: named, isNew: isNew)
        )
    }
}
