import Machines
import TestKit

@testable import Registry

/// Something that goes wrong, once.
enum Fault {
    /// The store is away for a while; its streams break.
    case storeAway(Duration)
    /// The store forgets its history.
    case compaction
    /// The store loses everything and begins again at revision 1.
    case wipe
    /// The store elects a leader.
    case election
    /// The store elects a leader and loses every lease with that: the hosts live, their keys do not.
    case lostLeases
    /// A host crashes, and comes back after a while.
    case crash(host: Int)
    /// A host is restarted: it leaves its registrations for its next life.
    case restart(host: Int)
    /// A host is stopped: it takes its registrations out, and comes back after a while.
    case stop(host: Int)
    /// A host's watch misses a change without noticing.
    case missedChange(host: Int)
    /// A host's watch tells again what it has told, late.
    case oldNews(host: Int)
    /// A host is stopped in mid-stride for a while; a suspend, a SIGSTOP.
    case pause(host: Int, Duration)
    /// A host's watch ends.
    case brokenWatch(host: Int)
    /// A host's watch stays open and says nothing more.
    case silentWatch(host: Int)
    /// Somebody revokes a host's lease.
    case revokedLease(host: Int)
    /// Somebody deletes a host's key, and another one's record from beside its key.
    case deletedKey(host: Int)
    /// Somebody overwrites a host's key.
    case overwrittenKey(host: Int)
    /// Other keys under the prefix come and go.
    case otherKeys

    static func random(using random: inout SeededGenerator) -> Fault {
        let host = Int.random(in: 0..<3, using: &random)
        let time = Duration.milliseconds(Int.random(in: 100...20_000, using: &random))
        switch Int.random(in: 0..<17, using: &random) {
        case 0: return .storeAway(time)
        case 1: return .compaction
        case 2: return .wipe
        case 3: return .crash(host: host)
        case 4: return .pause(host: host, time)
        case 5: return .brokenWatch(host: host)
        case 6: return .silentWatch(host: host)
        case 7: return .revokedLease(host: host)
        case 8: return .deletedKey(host: host)
        case 9: return .overwrittenKey(host: host)
        case 10: return .election
        case 11: return .lostLeases
        case 12: return .restart(host: host)
        case 13: return .stop(host: host)
        case 14: return .missedChange(host: host)
        case 15: return .oldNews(host: host)
        default: return .otherKeys
        }
    }

    func strike(_ world: inout Simulation) {
        switch self {
        case .storeAway(let time):
            world.isStoreAway = true
            world.store.breakConnections()
            breakAllStreams(&world)
            world.after(time) { $0.isStoreAway = false }
        case .compaction: world.store.compact()
        case .wipe:
            world.wipeStore()
            breakAllStreams(&world)
        case .election: world.store.raftTerm += 1
        case .lostLeases:
            world.store.raftTerm += 1
            for lease in world.store.leaseIDs.sorted(by: { $0.rawValue < $1.rawValue }) {
                world.store.revoke(lease)
            }
        case .restart(let host): world.stop(host, leaving: false, back: .milliseconds(300))
        case .stop(let host): world.stop(host, leaving: true, back: .seconds(5))
        case .missedChange(let host): world.missNextChange(host)
        case .oldNews(let host): world.tellAgain(host)
        case .crash(let host): if world.hosts[host].isAlive { world.crash(host) }
        case .pause(let host, let time):
            world.hosts[host].pausedUntil = max(world.hosts[host].pausedUntil, world.now + time)
        case .brokenWatch(let host): world.breakStreams(host, silently: false)
        case .silentWatch(let host): world.breakStreams(host, silently: true)
        case .revokedLease(let host):
            if let lease = world.hosts[host].leaseID { world.store.revoke(lease) }
        case .deletedKey(let host):
            world.store.delete(keys(of: host, world).prefix(1).map { StoreKey($0) })
            let other = world.hosts[(host + 1) % world.hosts.count]
            world.store.delete(other.companions.values.flatMap { $0 }.map { StoreKey($0.key) })
        case .overwrittenKey(let host):
            if let key = keys(of: host, world).last {
                world.store.put(StoreKey(key), Array("10.6.6.6:66".utf8))
            }
        case .otherKeys:
            world.store.put("services/other/one", Array("10.7.7.7:77".utf8))
            world.store.put("services/other/two", Array("10.7.7.7:78".utf8))
            world.store.delete(["services/other/one"])
        }
    }

    private func breakAllStreams(_ world: inout Simulation) {
        for index in world.hosts.indices { world.breakStreams(index, silently: false) }
    }

    private func keys(of host: Int, _ world: Simulation) -> [String] {
        world.hosts[host].services.map { RegistryPrefix.standard.key($0.key) }
    }
}
