import Machines
import Registry
import TestKit
import Testing

@testable import EndpointFiles

/// Files of outputs that prefer zones, as the list changes and time passes.
@Suite struct ZonesPublishedTests {
    /// Two hosts that have seen different pasts write the same a minute after the last change.
    @Test(arguments: [ListFormat.haproxy(), .json, .lines, .envoy])
    func `hosts with the same list have the same file a minute later`(format: ListFormat) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for round in 0..<60 {
            let output = output(format, threshold(&generator))
            var hosts = [Host(output), Host(output), Host(output)]
            var list = try list(&generator)
            var now = Duration.zero
            for _ in 0..<12 {
                now += .seconds(Int.random(in: 0...45, using: &generator))
                list = try self.list(&generator)
                // A host that is slow, or restarts, misses some of it.
                for index in hosts.indices where Bool.random(using: &generator) {
                    if Int.random(in: 0..<8, using: &generator) == 0 { hosts[index] = Host(output) }
                    hosts[index].listChanged(to: list, at: now)
                }
            }
            for index in hosts.indices { hosts[index].listChanged(to: list, at: now) }
            for index in hosts.indices { hosts[index].timePassed(to: now + .seconds(60)) }
            let plain = output.renderer(prefix: .standard).render(list).list.bytes
            #expect(hosts.allSatisfy { $0.file == plain }, "seed \(seed), round \(round)")
        }
    }

    @Test func `a choice that is held is written anew when its minute is over`() throws {
        var host = Host(output(.lines, .standard))
        let (mine, other) = (
            try Lists.endpoint("web", "1", zone: "a"),
            try Lists.endpoint("web", "2", address: "10.0.0.6", zone: "b")
        )
        host.listChanged(to: Lists.update([mine, other]), at: .zero)
        #expect(host.text == "web 10.0.0.5:8080\n")
        host.listChanged(to: Lists.update([other]), at: .seconds(1))
        #expect(host.text == "web 10.0.0.6:8080\n")
        host.listChanged(to: Lists.update([mine, other]), at: .seconds(2))
        #expect(host.text == "web 10.0.0.5:8080\nweb 10.0.0.6:8080\n")
        host.timePassed(to: .seconds(61))
        #expect(host.text == "web 10.0.0.5:8080\nweb 10.0.0.6:8080\n")
        host.timePassed(to: .seconds(62))
        #expect(host.text == "web 10.0.0.5:8080\n")
        #expect(host.writes == 4)
    }

    @Test func `an outcome of an abandoned write sets no alarm`() throws {
        let output = output(.lines, .standard)
        var machine = PublisherMachine([output])
        let write = try #require(
            machine.listChanged(to: Lists.update([]), at: .zero).writes.first
        )
        _ = machine.zonesChosen(output.path, number: write.number + 1, until: .seconds(9))
        _ = machine.zonesChosen("/elsewhere", number: write.number, until: .seconds(9))
        machine.settle([.write(output, Lists.update([]), number: write.number)])
        #expect(machine.deadline == .seconds(10))
        _ = machine.zonesChosen(output.path, number: write.number, until: .seconds(9))
        #expect(machine.deadline == .seconds(10), "that write has ended")
    }

    /// The same with a disk, threads and a clock.
    @Test func `the file, the spill and its end are there when the clock has come so far`()
        async throws
    {
        try await TemporaryDirectory.with { directory in
            let (clock, reports) = (ManualClock(), Recorder<PublishReport>())
            let publisher = EndpointPublisher(
                renderers: RendererPool(prefix: .standard),
                generator: SeededGenerator(seed: 1),
                timeline: Timeline(clock),
                processorTime: { .zero },
                observe: { reports.record($0) }
            )
            var output = output(.haproxy(), .standard)
            output.path = directory.file("haproxy.cfg")
            publisher.setOutputs([output])
            let mine = try Lists.endpoint("web", "1", zone: "a")
            let other = try Lists.endpoint("web", "2", address: "10.0.0.6", zone: "b")
            func backups() -> Int? {
                directory.read("haproxy.cfg")?.matches(of: /\ backup\n/).count
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await publisher.run() }
                defer { group.cancelAll() }
                publisher.publish(Lists.update([mine, other], revision: 42))
                try await eventually("one of them is a backup") { backups() == 1 }
                #expect(publisher.spills == [output.path: []])
                publisher.publish(Lists.update([other], revision: 43))
                try await eventually("it serves") { backups() == 0 }
                #expect(publisher.spills[output.path]?.map(\.text) == ["web"])
                publisher.publish(Lists.update([mine, other], revision: 44))
                try await eventually("it still does") {
                    publisher.hasWritten(upTo: 44) && clock.nextAlarm != nil
                }
                #expect(backups() == 0)
                clock.advance(by: .seconds(60))
                try await eventually("it is a backup again") { backups() == 1 }
                try await eventually("that is said") {
                    reports.all.contains { if case .spillEnded = $0 { true } else { false } }
                }
                #expect(publisher.spills == [output.path: []])
                publisher.setOutputs([])
                try await eventually("nothing is left of it") { publisher.spills.isEmpty }
            }
            let said = reports.all.compactMap { report in
                switch report {
                case .spillBegan(_, let service): "began \(service)"
                case .spillEnded(_, let service): "ended \(service)"
                default: nil
                }
            }
            #expect(said == ["began web", "ended web"])
        }
    }

    // MARK: parts

    private func output(_ format: ListFormat, _ threshold: SpillThreshold) -> EndpointOutput {
        var output = EndpointOutput(path: "/out/list", format: format)
        output.zones = ZonePreference(zones: ["a", "b"], spillBelow: threshold)
        if threshold == .standard { output.zones?.zones = ["a"] }
        return output
    }

    private func threshold(_ generator: inout SeededGenerator) -> SpillThreshold {
        Bool.random(using: &generator)
            ? .endpoints(Int.random(in: 1...12, using: &generator))
            : .evenShare(percent: Int.random(in: 1...100, using: &generator))
    }

    private func list(_ generator: inout SeededGenerator) throws -> TableUpdate {
        var endpoints: [Endpoint] = []
        for service in ["db", "web"] {
            for (zone, prefix) in [("a", "a"), ("b", "b"), ("c", "c"), (nil, "n")]
                as [(String?, String)]
            {
                for number in 0..<Int.random(in: 0...12, using: &generator) {
                    endpoints.append(try Lists.endpoint(service, "\(prefix)\(number)", zone: zone))
                }
            }
        }
        return Lists.update(endpoints)
    }
}

/// A publisher of one output whose disk is a variable: the machine and the renderer as the driver joins them.
private struct Host {
    private var machine: PublisherMachine
    private let renderer: ListRenderer
    private let path: String
    private var pending: [PublisherMachine.Action] = []
    private(set) var file: [UInt8] = []
    private(set) var writes = 0

    init(_ output: EndpointOutput) {
        machine = PublisherMachine([output])
        renderer = output.renderer(prefix: .standard)
        path = output.path
    }

    var text: String { String(decoding: file, as: UTF8.self) }

    mutating func listChanged(to list: TableUpdate, at now: Duration) {
        timePassed(to: now)
        perform(machine.listChanged(to: list, at: now), at: now)
    }

    /// Does what is due at each instant up to this one.
    mutating func timePassed(to now: Duration) {
        while let due = machine.deadline, due <= now {
            perform(machine.timePassed(to: due), at: due)
        }
    }

    private mutating func perform(_ actions: [PublisherMachine.Action], at now: Duration) {
        var waiting = actions.writes
        while !waiting.isEmpty {
            let write = waiting.removeFirst()
            let rendering = renderer.render(write.update, at: now)
            _ = machine.zonesChosen(path, number: write.number, until: rendering.until)
            file = rendering.list.bytes
            writes += 1
            waiting +=
                machine.writeEnded(
                    path,
                    number: write.number,
                    revision: write.update.revision,
                    bytes: file.count,
                    at: now
                ).writes
        }
    }
}
