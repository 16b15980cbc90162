import Configuration
import Etcd
import Machines
import Registry
import Synchronization

/// Asks etcd what the daemon asks it, as the daemon's user of etcd. Nothing is written.
struct EtcdSession: Sendable {
    /// A key that this host writes.
    struct OwnKey: Hashable, Sendable {
        var key: String
        /// Which instance it is; `nil` for a companion record.
        var service: ServiceKey?
    }

    let settings: EtcdClient.Configuration
    let etcd: Configuration.Etcd
    let keys: [OwnKey]
    /// The daemon's lease, where there is one.
    let lease: Int64?
    /// The revision of the daemon's list, where there is one.
    let listed: Int64?

    /// The most operations that etcd takes in one transaction are 128, its `--max-txn-ops`.
    private static let operations = 60
    /// Of those that may not be written, so many are found out one by one.
    private static let singles = 32
    /// How often a watch is asked where it stands.
    private static let beat = Duration.milliseconds(100)

    private final class Holder: Sendable {
        let found = Mutex(SessionFacts())
    }

    /// Asks all of it.
    ///
    /// - Parameter listedNow: The revision of the daemon's list now.
    /// - Returns: What was answered within the limit.
    func facts(
        within limit: Duration,
        listedNow: @escaping @Sendable () async -> Int64?
    ) async -> SessionFacts {
        let holder = Holder()
        holder.found.withLock { $0.reading = .init(.other, "etcd does not answer a read in time") }
        // Too late or failed: what was found by then is in the holder.
        _ = try? await within(limit) { [self] in
            try await EtcdClient.withClient(settings) { client in
                guard let revision = await read(client, holder) else { return }
                await withTaskGroup { group in
                    group.addTask { await write(client, holder) }
                    group.addTask { await askLease(client, holder) }
                    group.addTask { await readRecords(client, holder) }
                    group.addTask { await watch(client, after: revision, holder) }
                    group.addTask { await compare(client, holder, listedNow) }
                }
            }
        }
        return holder.found.withLock { $0 }
    }

    private func read(_ client: EtcdClient, _ holder: Holder) async -> EtcdRevision? {
        do throws(EtcdError) {
            let answer = try await client.get(prefix: Bytes(etcd.prefix.text), countOnly: true)
            holder.found.withLock { found in
                found.reading = nil
                // Until it is known.
                found.writing = .init(.other, "etcd does not answer in time")
                found.keys = answer.count
                found.revision = answer.header.revision.rawValue
            }
            return answer.header.revision
        } catch {
            holder.found.withLock { $0.reading = .init(error) }
            return nil
        }
    }

    /// A version is never less than nothing, so none of the writes is made; etcd looks at the rights to all of them.
    ///
    /// Source: etcd, `server/etcdserver/apply/apply_auth.go`, `checkTxnAuth`.
    private func tryWriting(_ keys: [String], _ client: EtcdClient) async throws(EtcdError) {
        _ = try await client.transaction(
            if: keys.map { .version(of: Bytes($0), .less, 0) },
            then: keys.map { .put(Bytes($0), Bytes("")) }
        )
    }

    private func write(_ client: EtcdClient, _ holder: Holder) async {
        let all = Array(Set(keys.map(\.key))).sorted()
        var rest = all[...]
        var singles = Self.singles
        while !rest.isEmpty, !Task.isCancelled {
            let some = Array(rest.prefix(Self.operations))
            rest = rest.dropFirst(Self.operations)
            do throws(EtcdError) {
                try await tryWriting(some, client)
                continue
            } catch  where error.code == .permissionDenied {
                for key in some {
                    guard singles > 0 else {
                        holder.found.withLock { $0.untried += 1 }
                        continue
                    }
                    singles -= 1
                    do throws(EtcdError) {
                        try await tryWriting([key], client)
                    } catch {
                        let isDenied = error.code == .permissionDenied
                        holder.found.withLock { found in
                            if isDenied { found.unwritable.append(key) } else { found.untried += 1 }
                        }
                    }
                }
            } catch {
                holder.found.withLock { $0.writing = .init(error) }
                return
            }
        }
        let left = rest.count
        holder.found.withLock { found in
            found.writing = nil
            found.untried += left
        }
    }

    private func askLease(_ client: EtcdClient, _ holder: Holder) async {
        guard let lease else { return }
        let id = EtcdLeaseID(rawValue: lease)
        do throws(EtcdError) {
            let status: LeaseStatus?
            var isTold = true
            do throws(EtcdError) {
                status = try await client.timeToLive(of: id, withKeys: true)
            } catch  where error.code == .permissionDenied {
                isTold = false
                status = try await client.timeToLive(of: id)
            }
            let facts = status.map { status in
                SessionFacts.Lease(
                    granted: status.granted,
                    remaining: status.remaining,
                    keys: isTold ? status.keys.count : nil
                )
            }
            holder.found.withLock { $0.lease = .some(facts) }
        } catch {
            // What is not answered is not judged.
        }
    }

    private func readRecords(_ client: EtcdClient, _ holder: Holder) async {
        for own in keys.prefix(64) {
            // A record that cannot be had or read says nothing of its owner.
            guard let service = own.service, !Task.isCancelled,
                let found = try? await client.get(Bytes(own.key)).keyValues.first
            else { continue }
            let record = try? RecordCodec.decode(found.value.array, key: service)
            let facts = SessionFacts.OwnRecord(
                key: own.key,
                owner: record?.owner?.text,
                lease: found.lease.rawValue
            )
            holder.found.withLock { $0.records.append(facts) }
        }
    }

    private func watch(_ client: EtcdClient, after revision: EtcdRevision, _ holder: Holder) async {
        let prefix = Bytes(etcd.prefix.text)
        let began = ContinuousClock.now
        do {
            let progress = try await within(.seconds(3)) { () -> Duration? in
                let options = WatchOptions(progressEvery: Self.beat)
                for try await response in client.watch(
                    prefix: prefix,
                    after: revision,
                    options: options
                )
                where response.events.isEmpty {
                    return began.duration(to: .now)
                }
                return nil
            }
            holder.found.withLock { $0.progress = progress ?? nil }
        } catch let error as EtcdError where error.code != .cancelled {
            holder.found.withLock { $0.watching = .init(error) }
        } catch {
            // Out of time: no progress was told.
        }
    }

    /// Looks whether the daemon's list lacks a change, and gives it a moment to follow.
    private func compare(
        _ client: EtcdClient,
        _ holder: Holder,
        _ listedNow: @Sendable () async -> Int64?
    ) async {
        // Without an answer the two are not compared.
        guard let listed,
            let changed = try? await client.changedKeys(
                prefix: Bytes(etcd.prefix.text),
                after: EtcdRevision(rawValue: listed)
            ), let newest = changed.keyValues.map(\.modRevision.rawValue).max()
        else { return }
        for _ in 0..<10 {
            guard let now = await listedNow() else { return }
            if now >= newest { return }
            // Cancelled: what was found by then counts.
            try? await Task.sleep(for: .milliseconds(200))
            if Task.isCancelled { break }
        }
        holder.found.withLock { $0.newest = newest }
    }
}
