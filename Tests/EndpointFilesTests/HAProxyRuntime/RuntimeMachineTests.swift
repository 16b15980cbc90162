import Programs
import Testing

@testable import EndpointFiles

/// One file and a HAProxy that is played: what the machine sends changes it as the real one would be.
@Suite struct RuntimeMachineTests {
    private typealias Action = RuntimeMachine.Action

    @Test func `a change is sent, verified and settled`() throws {
        var play = try Play(["a 10.0.0.1:80 5"])
        try play.write(["a 10.0.0.1:80 7"])
        play.run()
        #expect(play.commands == ["set server web/a weight 7"])
        #expect(play.settled == 1)
        #expect(play.reloads == 0)
        #expect(play.reports == [.applied(path: "/f", commands: 1)])
        #expect(play.machine.statuses == ["/f": .current(leaving: 0, setByHand: [])])
    }

    @Test func `without a change nothing is sent, and the comparison is repeated`() throws {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        #expect(play.commands == [] && play.reports == [])
        #expect(play.machine.deadline == .seconds(10))
        play.haproxy["a"] = nil
        play.now = .seconds(10)
        play.run()
        #expect(
            play.commands == [
                "add server web/a 10.0.0.1:80 weight 5", "set server web/a state ready",
            ]
        )
    }

    @Test func `a server that leaves drains at once and is deleted when it has no connections`()
        throws
    {
        var play = try Play.atRest(["a 10.0.0.1:80 5", "b 10.0.0.2:80 5"])
        play.connections = ["b": 1]
        try play.write(["a 10.0.0.1:80 5"])
        play.run()
        #expect(play.commands == ["set server web/b state drain"])
        #expect(play.settled == 1)
        #expect(play.machine.statuses == ["/f": .current(leaving: 1, setByHand: [])])
        play.pass(.seconds(3))
        #expect(play.commands == ["set server web/b state drain"])
        play.connections = [:]
        play.pass(.seconds(9))
        #expect(play.commands.suffix(2) == ["set server web/b state maint", "del server web/b"])
        #expect(play.reports.last == .deleted(path: "/f", servers: 1))
        #expect(play.machine.statuses == ["/f": .current(leaving: 0, setByHand: [])])
    }

    @Test func `a server that keeps its connections is put into maintenance after its time`() throws
    {
        var play = try Play.atRest(["a 10.0.0.1:80 5", "b 10.0.0.2:80 5"])
        play.connections = ["b": 1]
        try play.write(["a 10.0.0.1:80 5"])
        play.pass(.seconds(29))
        #expect(play.commands == ["set server web/b state drain"])
        play.pass(.milliseconds(30_500))
        #expect(play.commands.suffix(2) == ["set server web/b state maint", "del server web/b"])
        // HAProxy refuses while it has connections; it is tried again, ever less often.
        play.pass(.seconds(60))
        let tries = play.commands.count { $0 == "del server web/b" }
        #expect((2...10).contains(tries))
        #expect(play.haproxy["b"] != nil)
        play.connections = [:]
        play.pass(.seconds(71))
        #expect(play.haproxy["b"] == nil)
        #expect(play.reloads == 0)
    }

    @Test func `a server that returns before its deletion is one of the others again`() throws {
        var play = try Play.atRest(["a 10.0.0.1:80 5", "b 10.0.0.2:80 5"])
        try play.write(["a 10.0.0.1:80 5"])
        play.run()
        try play.write(["a 10.0.0.1:80 5", "b 10.0.0.2:80 5"])
        play.pass(.seconds(60))
        #expect(play.commands == ["set server web/b state drain", "set server web/b state ready"])
        #expect(play.haproxy["b"]?.admin == [])
        #expect(!play.reports.contains(.deleted(path: "/f", servers: 1)))
    }

    @Test func `options that changed take a check and a reload, once`() throws {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        try play.write(["a 10.0.0.1:80 5 check"])
        play.run()
        #expect(play.checks == 1 && play.reloads == 1)
        #expect(play.machine.statuses == ["/f": .reloading("the options of web/a have changed")])
        play.pass(.seconds(30))
        #expect(play.reloads == 1)
        try play.reload()
        play.run()
        #expect(play.machine.statuses == ["/f": .current(leaving: 0, setByHand: [])])
        #expect(play.settled == 1)
        #expect(play.reloads == 1 && play.commands == [])
    }

    @Test func `a file that was checked before its swap is not checked again`() throws {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        try play.write(["a 10.0.0.1:80 5 check"], isChecked: true)
        play.run()
        #expect(play.checks == 0 && play.reloads == 1)
    }

    @Test func `a check that rejects the file keeps HAProxy from its reload`() throws {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        let fault = ProgramFault(code: .refused, message: "bad")
        play.refusal = fault
        try play.write(["a 10.0.0.1:80 5 check"])
        play.pass(.seconds(59))
        #expect(play.reloads == 0 && play.checks == 1)
        #expect(play.reports.count { $0 == .reloadRefused(path: "/f", fault) } == 1)
        #expect(play.machine.statuses == ["/f": .different("bad")])
        // What takes none is applied all the same.
        try play.write(["a 10.0.0.1:80 9 check"])
        play.run()
        #expect(play.commands == ["set server web/a weight 9"])
        // It is asked again by and by: what it reads beside the file may have been wrong.
        play.refusal = nil
        play.pass(.seconds(130))
        #expect(play.reloads == 1)
    }

    @Test func `a socket that does not answer takes a reload for each change, and is asked again`()
        throws
    {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        let fault = RuntimeFault.system(13, at: "/s")
        play.fault = fault
        try play.write(["a 10.0.0.1:80 7"])
        play.run()
        #expect(play.reloads == 1 && play.checks == 1)
        #expect(play.machine.statuses == ["/f": .unreachable(fault)])
        try play.write(["a 10.0.0.1:80 8"])
        play.pass(.seconds(25))
        #expect(play.reloads == 2)
        #expect(play.reports.count { $0 == .unreachable(path: "/f", fault) } == 1)
        play.fault = nil
        play.pass(.seconds(40))
        #expect(play.reports.contains(.reachable(path: "/f")))
        #expect(play.machine.statuses == ["/f": .current(leaving: 0, setByHand: [])])
        #expect(play.haproxy["a"]?.weight == 8)
    }

    @Test func `a socket that stops answering in mid-round takes a reload`() throws {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        play.sendFault = .system(110, at: "/s")
        try play.write(["a 10.0.0.1:80 7"])
        play.run()
        #expect(play.reloads == 1)
    }

    @Test func `a command that HAProxy does not do ends in a reload with its words`() throws {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        play.isDeaf = true
        try play.write(["a 10.0.0.1:80 7"])
        play.run()
        #expect(play.commands == Array(repeating: "set server web/a weight 7", count: 3))
        let reason = "HAProxy did not do 'set server web/a weight 7': static LB algorithm"
        #expect(play.reports == [.reloadNeeded(path: "/f", reason: reason)])
        #expect(play.reloads == 1)
    }

    @Test func `a reload that does not help is said once and not repeated`() throws {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        play.hasBackend = false
        try play.write(["a 10.0.0.1:80 7"])
        play.run()
        try play.reload()
        play.pass(.seconds(120))
        #expect(play.reloads == 1)
        let reason = "HAProxy has no backend web"
        #expect(play.reports.count { $0 == .different(path: "/f", reason: reason) } == 1)
        #expect(play.machine.statuses == ["/f": .different(reason)])
        play.hasBackend = true
        play.pass(.seconds(131))
        #expect(play.machine.statuses == ["/f": .current(leaving: 0, setByHand: [])])
    }

    @Test func `a process that took over with an older file is brought to this one`() throws {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        try play.write(["a 10.0.0.1:80 7"])
        play.run()
        play.restart()
        play.haproxy["a"]?.weight = 5
        play.pass(.seconds(11))
        #expect(play.haproxy["a"]?.weight == 7)
        #expect(play.reports.contains(.processChanged(path: "/f", pid: 2)))
        #expect(play.reloads == 0)
    }

    @Test func `what is set by hand is left and reported when it changes`() throws {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        play.haproxy["a"]?.weight = 9
        play.haproxy["a"]?.admin = .maintenance
        play.pass(.seconds(50))
        let found = ["web/a has weight 9, in the file 5", "web/a is in state maint"]
        #expect(play.commands == [])
        #expect(play.reports == [.setByHand(path: "/f", found, more: 0)])
        #expect(play.machine.statuses == ["/f": .current(leaving: 0, setByHand: found)])
        play.haproxy["a"]?.weight = 5
        play.haproxy["a"]?.admin = []
        play.pass(.seconds(70))
        #expect(play.reports.last == .setByHand(path: "/f", [], more: 0))
    }

    @Test func `a reload is believed when another process answers`() throws {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        try play.write(["a 10.0.0.1:80 5 check"])
        play.run()
        #expect(play.reloads == 1)
        // systemctl has ended, and the old process still answers.
        play.tellReloaded()
        play.pass(.milliseconds(900))
        #expect(play.settled == 0)
        #expect(play.machine.statuses == ["/f": .reloading("the options of web/a have changed")])
        play.restart()
        play.pass(.milliseconds(1200))
        #expect(play.settled == 1)
        #expect(play.machine.statuses == ["/f": .current(leaving: 0, setByHand: [])])
    }

    @Test func `a reload that leaves the old process is said, and owed`() throws {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        try play.write(["a 10.0.0.1:80 5 check"])
        play.run()
        play.tellReloaded()
        play.pass(.seconds(60))
        #expect(play.settled == 0 && play.reloads == 1)
        let reason = "HAProxy was reloaded, and its process is still the one before"
        #expect(play.reports.contains(.different(path: "/f", reason: reason)))
        guard case .different = play.machine.statuses["/f"] else {
            Issue.record("\(play.machine.statuses)")
            return
        }
    }

    @Test func `a process that may have loaded other options is reloaded, and not believed`() throws
    {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        // It restarts, reads the file, and is not there yet when the options change.
        play.now = .seconds(5)
        play.restart()
        play.fault = .system(2, at: "/s")
        play.now = .seconds(6)
        try play.write(["a 10.0.0.1:80 5 check"])
        play.run()
        play.fault = nil
        play.pass(.seconds(8))
        #expect(play.reloads == 1)
        #expect(play.settled == 0)
    }

    @Test func `what is set by hand while a reload is owed is left`() throws {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        try play.write(["a 10.0.0.1:80 7 check", "b 10.0.0.2:80 5 check"])
        play.pass(.seconds(5))
        #expect(play.reloads == 1)
        #expect(play.haproxy["a"]?.weight == 7 && play.haproxy["b"]?.admin == [])
        play.haproxy["b"]?.admin = .maintenance
        play.haproxy["a"]?.weight = 0
        play.pass(.seconds(60))
        #expect(play.haproxy["b"]?.admin == .maintenance)
        #expect(play.haproxy["a"]?.weight == 0)
    }

    @Test func `a check that rejected is asked again also while the socket does not answer`() throws
    {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        play.fault = .system(13, at: "/s")
        play.refusal = ProgramFault(code: .notDone, message: "late")
        try play.write(["a 10.0.0.1:80 7"])
        play.pass(.seconds(30))
        #expect(play.checks == 1 && play.reloads == 0)
        play.refusal = nil
        play.pass(.seconds(100))
        #expect(play.checks == 2 && play.reloads == 1)
    }

    @Test func `a reload after a send that failed is a reload to that file`() throws {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        play.sendFault = .system(110, at: "/s")
        try play.write(["a 10.0.0.1:80 7 check"])
        play.run()
        #expect(play.reloads == 1)
        play.sendFault = nil
        play.now = .seconds(3)
        try play.reload()
        play.pass(.seconds(5))
        #expect(play.machine.statuses == ["/f": .current(leaving: 0, setByHand: [])])
        #expect(play.settled == 1)
    }

    @Test
    func `a file that cannot be read while servers wait for deletion is not read all the time`()
        throws
    {
        var play = try Play.atRest(["a 10.0.0.1:80 5", "b 10.0.0.2:80 5"])
        play.connections = ["b": 1]
        try play.write(["a 10.0.0.1:80 5"])
        play.run()
        play.isUnreadable = true
        let before = play.looks
        play.pass(.seconds(100))
        #expect((5...60).contains(play.looks - before), "\(play.looks - before)")
    }

    @Test func `a command that is refused holds up no drain`() throws {
        var play = try Play.atRest(["a 10.0.0.1:80 5", "b 10.0.0.2:80 5"])
        play.takesNoServers = true
        try play.write(["a 10.0.0.1:80 5", "c 10.0.0.3:80 5"])
        play.run()
        #expect(play.haproxy["b"]?.admin == .drain)
        #expect(play.reloads == 1)
    }

    @Test func `servers are deleted although others leave all the time`() throws {
        let all = (0..<100).map { "s\($0) 10.0.0.\($0 + 1):80 5" }
        var play = try Play.atRest(all)
        for gone in 1...80 {
            try play.write(Array(all.dropFirst(gone)))
            play.pass(play.now + .milliseconds(100))
        }
        #expect(play.haproxy.count < 50, "\(play.haproxy.count) are there, 20 in the file")
        #expect(play.reloads == 0)
    }

    @Test func `a HAProxy that is being replaced is asked again before it is reloaded`() throws {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        play.fault = RuntimeFault(.interrupted, "ended")
        try play.write(["a 10.0.0.1:80 7"])
        play.pass(.milliseconds(600))
        play.fault = nil
        play.pass(.seconds(3))
        #expect(play.haproxy["a"]?.weight == 7)
        #expect(play.reloads == 0 && play.reports == [.applied(path: "/f", commands: 1)])
    }

    @Test func `a run that finds an owed reload asks for it after what it can send`() throws {
        var play = try Play(["a 10.0.0.1:80 5"], isOwed: true)
        play.haproxy["a"]?.weight = 3
        play.run()
        #expect(play.commands == ["set server web/a weight 5"])
        #expect(play.reloads == 1)
        try play.reload()
        play.run()
        #expect(play.settled == 1)
    }

    @Test func `a HAProxy that is not there takes a reload when it does not start soon`() throws {
        var play = try Play(["a 10.0.0.1:80 5"])
        play.fault = .system(2, at: "/s")
        try play.write(["a 10.0.0.1:80 5 check"])
        play.pass(.milliseconds(1900))
        #expect(play.reloads == 0)
        play.pass(.seconds(5))
        #expect(play.reloads == 1)
        #expect(play.reports == [])
        play.pass(.seconds(60))
        #expect(play.reloads == 1)
        let fault = RuntimeFault.system(2, at: "/s")
        #expect(play.reports == [.unreachable(path: "/f", fault)])
        play.fault = nil
        try play.reload()
        play.pass(.seconds(71))
        #expect(play.machine.statuses == ["/f": .current(leaving: 0, setByHand: [])])
        #expect(play.reloads == 1)
    }

    @Test func `a HAProxy that starts while the list changes has loaded the file, or is told`()
        throws
    {
        var play = try Play(["a 10.0.0.1:80 5"], exists: false)
        play.fault = .system(2, at: "/s")
        play.run()
        try play.write(["a 10.0.0.1:80 5"])
        play.run()
        // It starts, loads the file, and before it is looked at the list changes.
        play.fault = nil
        try play.write(["a 10.0.0.1:80 6"])
        play.pass(.seconds(1))
        #expect(play.haproxy["a"]?.weight == 6)
        #expect(play.reloads == 0)
        #expect(play.machine.statuses == ["/f": .current(leaving: 0, setByHand: [])])
        #expect(!play.reports.contains { if case .unreachable = $0 { true } else { false } })
    }

    @Test func `a reload that was asked for is cancelled when the process has all of the file`()
        throws
    {
        var play = try Play(["a 10.0.0.1:80 5"])
        play.fault = .system(2, at: "/s")
        try play.write(["a 10.0.0.1:80 6"])
        play.pass(.seconds(4))
        #expect(play.reloads == 1)
        play.fault = nil
        play.pass(.seconds(20))
        #expect(play.cancelled == 1)
        #expect(play.machine.statuses == ["/f": .current(leaving: 0, setByHand: [])])
    }

    @Test
    func `a HAProxy that is gone while servers wait for their deletion is not asked all the time`()
        throws
    {
        var play = try Play.atRest(["a 10.0.0.1:80 5", "b 10.0.0.2:80 5"])
        play.connections = ["b": 1]
        try play.write(["a 10.0.0.1:80 5"])
        play.run()
        for fault in [RuntimeFault.system(2, at: "/s"), .system(13, at: "/s")] {
            play.fault = fault
            let before = play.looks
            play.pass(play.now + .seconds(100))
            #expect((5...60).contains(play.looks - before), "\(play.looks - before)")
        }
    }

    @Test func `a server that returns during a reload is not taken for one set by hand`() throws {
        var play = try Play(["a 10.0.0.1:80 5", "b 10.0.0.2:80 5"], isOwed: true)
        play.run()
        #expect(play.reloads == 1)
        // The new process is told of a change before the end of the reload is.
        play.restart()
        try play.write(["a 10.0.0.1:80 5"])
        play.run()
        #expect(play.haproxy["b"]?.admin == .drain)
        try play.write(["a 10.0.0.1:80 5", "b 10.0.0.2:80 5"])
        play.tellReloaded()
        play.run()
        #expect(play.haproxy["b"]?.admin == [])
        #expect(play.machine.statuses == ["/f": .current(leaving: 0, setByHand: [])])
        #expect(play.reloads == 1)
    }

    @Test func `changes that come faster than the rounds take no reload and one round at a time`()
        throws
    {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        var weight = 5
        play.beforeLook = { play in
            guard weight < 105 else { return }
            weight += 1
            try? play.write(["a 10.0.0.1:80 \(weight)"])
        }
        try play.write(["a 10.0.0.1:80 6"])
        play.run()
        #expect(play.haproxy["a"]?.weight == 105)
        #expect(play.reloads == 0)
        #expect(play.mostPending == 1)
    }

    @Test func `an output that is no longer configured is forgotten in mid-round`() throws {
        var play = try Play.atRest(["a 10.0.0.1:80 5"])
        try play.write(["a 10.0.0.1:80 7"])
        #expect(play.machine.outputsChanged(to: [], at: play.now) == [])
        play.run()
        #expect(play.commands == [])
        #expect(play.machine.statuses == [:])
        #expect(play.machine.deadline == nil)
    }
}

/// Plays the driver and HAProxy.
private struct Play {
    var machine = RuntimeMachine()
    var now = Duration.zero
    var file: HAProxyFile
    var haproxy: [String: RunningServer] = [:]
    var process = HAProxyProcess(pid: 1, uptime: 0)
    var startedAt = Duration.seconds(-100)
    var hasBackend = true
    var connections: [String: Int] = [:]
    var fault: RuntimeFault?
    var sendFault: RuntimeFault?
    /// Whether it does nothing of what it is told.
    var isDeaf = false
    var takesNoServers = false
    var isUnreadable = false
    var refusal: ProgramFault?
    var beforeLook: (inout Play) -> Void = { _ in }

    var commands: [String] = []
    var reports: [RuntimeReport] = []
    var checks = 0
    var reloads = 0
    var cancelled = 0
    var looks = 0
    var settled = 0
    var mostPending = 0
    private var pending: [RuntimeMachine.Action] = []

    init(_ servers: [String], isOwed: Bool = false, exists: Bool = true) throws {
        file = try EndpointFilesTests.file("web", servers)
        load()
        let check = ProgramCall(["haproxy", "-c", "-f", "{file}"])
        pending += machine.outputsChanged(
            to: [RuntimeOutput(path: "/f", socket: "/s", check: check)],
            at: now
        )
        pending += machine.earlierFileFound("/f", exists ? file : nil, isOwed: isOwed, at: now)
    }

    /// File and HAProxy have been compared, and are the same.
    static func atRest(_ servers: [String]) throws -> Play {
        var play = try Play(servers)
        play.run()
        return play
    }

    mutating func write(_ servers: [String], isChecked: Bool = false) throws {
        file = try EndpointFilesTests.file("web", servers)
        pending += machine.fileReplaced("/f", isChecked: isChecked, at: now)
    }

    /// HAProxy is reloaded, and that is told.
    mutating func reload() throws {
        restart()
        load()
        tellReloaded()
    }

    /// Another process takes over with the servers that there are.
    mutating func restart() {
        process.pid += 1
        startedAt = now
    }

    mutating func tellReloaded() { pending += machine.reloaded("/f", at: now) }

    private mutating func load() {
        haproxy = [:]
        for server in file.backends[0].servers {
            haproxy[server.name] = RunningServer(
                name: server.name,
                address: server.address,
                port: server.port,
                weight: server.weight
            )
        }
    }

    /// Time passes, with all that falls due.
    mutating func pass(_ end: Duration) {
        run()
        while let due = machine.deadline, due <= end {
            now = max(now, due)
            run()
        }
        now = max(now, end)
        run()
    }

    mutating func run() {
        pending += machine.timePassed(to: now)
        while !pending.isEmpty {
            mostPending = max(
                mostPending,
                pending.count { if case .report = $0 { false } else { true } }
            )
            let action = pending.removeFirst()
            pending += perform(action)
        }
    }

    private mutating func perform(_ action: RuntimeMachine.Action) -> [RuntimeMachine.Action] {
        switch action {
        case .look(_, let wantsConnections, let number):
            looks += 1
            beforeLook(&self)
            if let fault {
                return machine.looked(
                    "/f",
                    number: number,
                    RuntimeReading(file: isUnreadable ? nil : file),
                    .failure(fault),
                    at: now
                )
            }
            var process = process
            process.seenAt = now
            process.uptime = Int((now - startedAt) / .seconds(1))
            let look = RuntimeLook(
                process: process,
                servers: hasBackend ? ["web": haproxy.values.sorted { $0.name < $1.name }] : [:],
                connections: wantsConnections ? ["web": connections] : [:]
            )
            return machine.looked(
                "/f",
                number: number,
                RuntimeReading(file: isUnreadable ? nil : file),
                .success(look),
                at: now
            )
        case .send(_, let commands, let number):
            if let sendFault {
                return machine.sent("/f", number: number, .failure(sendFault), at: now)
            }
            var answers: [String] = []
            for command in commands {
                self.commands.append(command.text)
                if isDeaf { answers.append("static LB algorithm") } else { obey(command) }
            }
            return machine.sent("/f", number: number, .success(answers), at: now)
        case .check(_, let call, let number):
            checks += 1
            #expect(call.arguments == ["haproxy", "-c", "-f", "/f"])
            return machine.checked("/f", number: number, refusal, at: now)
        case .reload: reloads += 1
        case .cancelReload: cancelled += 1
        case .settle: settled += 1
        case .report(let report): reports.append(report)
        }
        return []
    }

    private mutating func obey(_ command: RuntimeCommand) {
        switch command {
        case .add where takesNoServers: break
        case .add(let target, let server):
            haproxy[target.server] = RunningServer(
                name: server.name,
                address: server.address,
                port: server.port,
                weight: server.weight,
                admin: .maintenance
            )
        case .enableCheck(let target): haproxy[target.server]?.check = [.configured, .enabled]
        case .enableAgent: break
        case .weigh(let target, let weight): haproxy[target.server]?.weight = weight
        case .readdress(let target, let address, let port):
            haproxy[target.server]?.address = address
            haproxy[target.server]?.port = port
        case .ready(let target): haproxy[target.server]?.admin = []
        case .drain(let target): haproxy[target.server]?.admin = .drain
        case .maintain(let target): haproxy[target.server]?.admin = .maintenance
        case .delete(let target):
            if connections[target.server] ?? 0 == 0 { haproxy[target.server] = nil }
        }
    }
}
