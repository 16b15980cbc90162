import Etcd
import Registry
import ServiceLifecycle

/// Asks the endpoints once whether they are of one cluster, when the daemon is ready and etcd is there: in
/// the background, and whatever comes of it goes into the log and the status.
///
/// An endpoint that does not answer then is not asked again. If it is of another cluster, the watch says so
/// when that one serves us.
struct ClusterCheck: Service {
    let client: EtcdClient
    let state: StateReader
    let events: DaemonEvents
    let signal: ChangeSignal

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await signal.follow {
                let state = state.now
                return state.isReady && state.etcd != nil
            }
            guard let mixture = ClusterMixture(await client.clusters()) else { return }
            events.happened(.endpointsDiffer(mixture))
        }
        // The daemon ends with the first service that returns; cancelled, it ends all the same.
        try? await gracefulShutdown()
    }
}

/// Reports that the endpoints of one list belong to several clusters.
struct ClusterMixture: Sendable, CustomStringConvertible {
    private var clusters: [(id: EtcdClusterID, endpoints: [EtcdEndpoint])] = []

    /// - Parameter answers: What each endpoint said, in the order of the list.
    /// - Returns: `nil` when all said the same.
    init?(_ answers: [(endpoint: EtcdEndpoint, cluster: EtcdClusterID)]) {
        for (endpoint, id) in answers {
            if let known = clusters.firstIndex(where: { $0.id == id }) {
                clusters[known].endpoints.append(endpoint)
            } else {
                clusters.append((id, [endpoint]))
            }
        }
        guard clusters.count > 1 else { return nil }
    }

    /// A sentence with the remedy.
    var description: String { "\(LogMessage.etcdClustersMixed.text): \(detail)" }

    /// Which endpoint belongs to which cluster, and the remedy.
    var detail: String {
        let parts = clusters.map { cluster in
            "\(cluster.endpoints.map(\.description).joined(separator: ", ")) of \(cluster.id)"
        }
        return parts.joined(separator: "; ")
            + "; this host's registry changes with the endpoint that is connected: list the endpoints of "
            + "one cluster only"
    }
}
