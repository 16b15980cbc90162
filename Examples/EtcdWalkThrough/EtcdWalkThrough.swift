import Etcd
import Glibc

/// What a newcomer to etcd tries first, in the order in which one tries it.
///
///     etcd &                                  # in another terminal
///     swift run EtcdWalkThrough               # or with http://HOST:PORT
@main
struct EtcdWalkThrough {
    static func main() async {
        do {
            try await walk(CommandLine.arguments.dropFirst().first ?? "127.0.0.1:2379")
        } catch {
            print("failed: \(error)")
            exit(1)
        }
    }

    static func walk(_ address: String) async throws {
        let endpoint = try EtcdEndpoint(address)
        try await EtcdClient.withClient(.init(endpoints: [endpoint])) { client in
            let status = try await client.status()
            print("connected to etcd \(status.version) at \(endpoint)")
            try await keys(client)
            try await leases(client)
            try await watches(client)
        }
    }

    static func keys(_ client: EtcdClient) async throws {
        try await client.delete(prefix: "walk/")

        let first = try await client.put("walk/a", "one")
        print("put walk/a = one: the cluster's clock shows revision \(first.header.revision)")

        let second = try await client.put("walk/a", "two", returningPrevious: true)
        print("put walk/a = two: it was \(second.previous?.value ?? "nothing")")

        let found = try await client.get("walk/a")
        for key in found.keyValues {
            print(
                "get \(key.key): \(key.value), created at \(key.createRevision), changed at",
                "\(key.modRevision), version \(key.version)"
            )
        }

        try await client.put("walk/b", "three")
        let all = try await client.get(prefix: "walk/")
        let list = all.keyValues.map { "\($0.key) = \($0.value)" }
        print("get walk/*: \(all.count) keys: \(list.joined(separator: ", "))")

        let gone = try await client.delete(prefix: "walk/", returningPrevious: true)
        print("delete walk/*: \(gone.count) keys, they held \(gone.previous.map(\.value))")
    }

    static func leases(_ client: EtcdClient) async throws {
        let lease = try await client.grantLease(ttl: .seconds(10))
        print("granted lease \(lease.id) for \(lease.ttl)")
        try await client.put("walk/leased", "here", lease: lease.id)

        var answers = 0
        for try await answer in client.keepAlive(lease.id) {
            print("kept alive: lives \(answer.ttl) from now")
            answers += 1
            if answers == 2 { break }  // From here on nobody keeps it alive.
        }

        print("watching walk/leased expire ...")
        for try await heard in client.watch(key: "walk/leased", from: .lastModification) {
            if heard.events.contains(where: { $0.kind == .delete }) { break }
        }
        let left = try await client.get("walk/leased")
        print("get walk/leased: count \(left.count)")
    }

    static func watches(_ client: EtcdClient) async throws {
        try await client.put("walk/history", "first")
        try await client.put("walk/history", "second")
        try await client.delete("walk/history")
        try await client.put("walk/history", "again")
        let present = try await client.put("walk/history", "at last")

        var seen: [String] = []
        for try await heard in client.watch(key: "walk/history", from: .creation) {
            seen += heard.events.map { "\($0.keyValue.value)" }
            if heard.events.last?.keyValue.modRevision == present.header.revision { break }
        }
        print("watch walk/history from its creation: \(seen.joined(separator: ", then "))")

        let snapshot = try await client.get(prefix: "walk/")
        try await client.put("walk/c", "new")
        try await client.delete(prefix: "walk/")
        seen = []
        for try await heard in client.watch(prefix: "walk/", after: snapshot.header.revision) {
            seen += heard.events.map { "\($0.kind) \($0.keyValue.key)" }
            if seen.count == 3 { break }
        }
        print(
            "watch walk/* after revision \(snapshot.header.revision): \(seen.joined(separator: ", "))"
        )
    }
}
