import Foundation
import Machines
import TestKit
import Testing

@testable import Registry

/// The promises under everything that can go wrong, many hundred times.
///
/// Each seed is a run of its own: 60 seconds of faults, then peace, in which everything has to become
/// right within a stated bound. A failing seed is printed; put it into ``kept`` with its story.
///
///     DISCOVERYD_SEEDS=5000 swift test --filter SimulationTests      # more seeds
///     DISCOVERYD_SEED=4711 swift test --filter SimulationTests       # one seed
@Suite struct SimulationTests {
    /// How long after the last fault everything is right: a lease of a crashed life ends (10 s), a
    /// claim that was refused by it is tried again, a silent stream is noticed, and the slowest
    /// backoffs run out.
    static let bound = Duration.seconds(60)

    /// Seeds that found something once. 50: an update that the watch had lost was covered by a later
    /// change, and a comparison of the count and the highest revision did not see it. 1039: an answer came to a
    /// host that had ended, which then had no alarm; that was a mistake of the simulation.
    static let kept: [UInt64] = [50, 1039]

    /// The seeds of this run in eight parts, for as many cores as there are; without those that are empty.
    static let parts: [[UInt64]] = {
        let environment = ProcessInfo.processInfo.environment
        let many = environment["DISCOVERYD_SEEDS"].flatMap(UInt64.init) ?? 200
        let one = environment["DISCOVERYD_SEED"].flatMap(UInt64.init)
        let seeds = one.map { [$0] } ?? kept + Array(1...max(1, many))
        return Dictionary(grouping: seeds) { $0 % 8 }.sorted { $0.key < $1.key }.map(\.value)
    }()

    @Test(arguments: parts)
    func whateverGoesWrongAllIsRightWithinTheBoundAfterwards(seeds: [UInt64]) async {
        for seed in seeds {
            let failure = Self.run(seed)
            #expect(failure == nil, "DISCOVERYD_SEED=\(seed)")
            // Other tests wait for real things, on as few threads as there are cores.
            await Task.yield()
        }
    }

    @Test func theSameSeedGivesTheSameRun() {
        var (one, other) = (Self.faulty(7), Self.faulty(7))
        one.run(until: .seconds(60))
        other.run(until: .seconds(60))
        #expect(one.store.records == other.store.records)
        #expect(one.store.revision == other.store.revision && one.requests == other.requests)
    }

    /// - Returns: The first promise that was broken, if any.
    static func run(_ seed: UInt64) -> String? {
        var world = faulty(seed)
        world.run(until: .seconds(60))
        world.calmDown()
        let requestsBefore = world.requests
        world.run(until: .seconds(60) + bound)
        // Crashed hosts are back by now, and had the time that everybody has.
        if let failure = world.failure { return failure }
        let calm = world.requests - requestsBefore
        if calm > 4000 { return "\(calm) requests in \(bound) of peace" }
        return wrong(in: world)
    }

    /// A world in which faults are planned for its first 60 seconds.
    private static func faulty(_ seed: UInt64) -> Simulation {
        var world = Simulation(seed: seed, hosts: 3)
        var random = SeededGenerator(seed: seed ^ 0x5eed)
        for _ in 0..<Int.random(in: 1...25, using: &random) {
            let fault = Fault.random(using: &random)
            let at = Duration.milliseconds(Int.random(in: 0...55_000, using: &random))
            world.after(at) { fault.strike(&$0) }
        }
        return world
    }

    /// What is not as it should be.
    private static func wrong(in world: Simulation) -> String? {
        let prefix = RegistryPrefix.standard
        let truth = EndpointTable.read(world.store.snapshot(of: prefix), prefix: prefix).table
        for host in world.hosts {
            for instance in host.services {
                guard let record = world.store.records[StoreKey(instance.key, under: prefix)] else {
                    return "\(instance.key) is not in the store: \(host.statuses)"
                }
                guard record.lease == host.leaseID else {
                    return "\(instance.key) is under \(record.lease), the host has "
                        + "\(host.leaseID?.description ?? "none")"
                }
            }
            for record in host.companions.values.flatMap({ $0 })
            where world.store.records[StoreKey(record.key)]?.value != record.value {
                return "\(record.key) does not stand beside host \(host.index)'s key"
            }
            guard let published = host.published else { return "host \(host.index) has no list" }
            if !published.held.isEmpty { return "host \(host.index) still holds what is lost" }
            if published.table != truth {
                return "host \(host.index) has another list than the store"
            }
        }
        let companions = world.store.records.keys.filter {
            $0.description.hasPrefix(SkyDNSRecord.path)
        }
        if companions.count != world.hosts.count {
            return "left companions: \(companions.sorted())"
        }
        let leases = world.store.leaseIDs.count
        if leases != world.hosts.count { return "\(leases) leases for \(world.hosts.count) hosts" }
        return nil
    }
}
