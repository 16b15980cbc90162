import FoundationEssentials

/// Tells everybody who observes the daemon what happens in it.
///
/// The one place where events meet. Whatever has to follow from an event is not done here: a part that needs another
/// one to act calls it before it reports. An observer can be left out, and only what is shown changes.
package final class DaemonEvents: Sendable {
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
