import Configuration
import EndpointFiles
import Etcd
import FoundationEssentials
import HealthChecks
import Registry

/// Something that happened in the daemon. All of it goes through ``DaemonEvents``, in the order in which each part
/// reports it.
enum DaemonEvent: Sendable {
    /// The lease, and this host's services under it.
    case registration(RegistrationReport)
    /// The list, and how it follows etcd.
    case watch(WatchReport)
    /// The connection to etcd.
    case connection(ConnectionEvent)
    /// The output files.
    case publish(PublishReport)
    /// The consumers of the output files.
    case reload(ReloadReport)
    /// The checks of this host's services.
    case health(HealthReport)
    /// Which of this host's services cannot be registered.
    case services(RegistrarMachine.Summary)
    /// What drains.
    case drain(DrainReport)
    /// The configuration.
    case configuration(ConfigurationReport)
    /// How far the daemon is between its start and its end.
    case lifeCycle(LifeCycleReport)
    /// The endpoints in `[etcd]` belong to several clusters; a sentence with the remedy.
    case endpointsDiffer(String)
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

/// Reports how a reload of the configuration ended.
enum ConfigurationReport: Sendable {
    /// This one is in force.
    case applied(Configuration)
    /// The new one has so many errors, and the old one stays.
    case refused(errors: Int)
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
