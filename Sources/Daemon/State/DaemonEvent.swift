import Configuration
import EndpointFiles
import Etcd
import FoundationEssentials
import HealthChecks
import Registry
import Texts

/// Something that happened in the daemon. All of it goes through ``DaemonEvents``, in the order in which each part
/// reports it.
enum DaemonEvent: Sendable {
    /// The lease, and this host's services under it.
    case registration(RegistrationReport)
    /// The list, and how it follows etcd.
    case watch(WatchReport)
    /// The endpoints of the list, of all hosts: as many at once as one answer of etcd has.
    case endpoints([EndpointChange])
    /// The connection to etcd.
    case connection(ConnectionEvent)
    /// The output files.
    case publish(PublishReport)
    /// The consumers of the output files.
    case reload(ReloadReport)
    /// The running HAProxies.
    case runtime(RuntimeReport)
    /// The checks of this host's services.
    case health(HealthReport)
    /// Which of this host's services cannot be registered.
    case services(RegistrarMachine.Summary)
    /// What the registrar found of this host and its services.
    case registrar(RegistrarReport)
    /// What drains.
    case drain(DrainReport)
    /// The configuration.
    case configuration(ConfigurationReport)
    /// How far the daemon is between its start and its end.
    case lifeCycle(LifeCycleReport)
    /// The endpoints in `[etcd]` belong to several clusters.
    case endpointsDiffer(ClusterMixture)
}

/// Reports what happened to a drain.
enum DrainReport: Hashable, Sendable {
    /// An earlier run left it, and it goes on.
    case continued(DrainMachine.Target)
    /// Somebody asked for it; without a span it lasts until it is ended.
    case began(DrainMachine.Target, for: Duration?)
    /// Somebody ended it.
    case ended(DrainMachine.Target)
    /// It ended by itself.
    case expired(DrainMachine.Target)
}

/// Reports what the registrar found; see ``RegistrarMachine``.
enum RegistrarReport: Equatable, Sendable {
    /// The host's address is another one, or is known for the first time.
    case addressChanged(HostAddress, before: HostAddress?)
    /// A service waits for an address. Reported once until it has one.
    case addressMissing(ServiceName)
    /// A service has no instance id. Reported once until the services change.
    case serviceUnusable(ServiceName, UnusableHostname)
}

/// Reports how a reload of the configuration goes; faults are sentences with their positions.
enum ConfigurationReport: Sendable {
    /// Something in the new one is probably a mistake; it is applied all the same.
    case doubtful(String)
    /// A part of the new one is left out for its fault.
    case partRefused(String)
    /// A section of the new one takes effect only after a restart.
    case needsRestart(String)
    /// This one is in force: for the state, before the parts of the daemon are told.
    case applied(Configuration)
    /// The parts of the daemon have been told.
    case reloaded(services: Int, outputs: Int)
    /// The new one has these errors, and the old one stays.
    case refused([String])
}

/// A step in the life of the daemon.
enum LifeCycleReport: Sendable {
    /// There is a first list of this run.
    case listReceived
    /// There is a list of an earlier run, true at that time.
    case earlierListFound(TableUpdate, since: Date)
    /// Ready: READY=1 follows.
    case ready
    /// Ready without etcd, as the start timeout is over; with or without output files.
    case readyDegraded(filesExist: Bool)
    /// The daemon ends.
    case stopping
}

/// Tells everybody who observes the daemon what happens in it.
///
/// The one place where events meet. Whatever has to follow from an event is not done here: a part that needs another
/// one to act calls it before it reports. Observers only keep, count and show.
final class DaemonEvents: Sendable {
    /// Is told of an event and of when it happened, by the wall clock. Must not wait for a disk or a peer.
    typealias Observer = @Sendable (_ event: DaemonEvent, _ time: Date) -> Void

    private let observers: [Observer]

    /// - Parameter observers: Told in this order. The one that may take longest, the log, belongs last: who reads a
    ///   line there finds the state as the line says.
    init(_ observers: [Observer]) {
        self.observers = observers
    }

    /// Tells all observers, one after the other, before it returns. Holds no lock: of two tasks that report at once
    /// neither waits for the other.
    func happened(_ event: DaemonEvent) {
        let now = Date()
        for observer in observers { observer(event, now) }
    }
}
