import HealthChecks
import Systemd

extension UnitCondition {
    /// What a unit's state means to a service that depends on it.
    init(_ state: UnitState) {
        self =
            switch state.active {
            // A reload serves on; a later systemd's `refreshing` is one.
            case .active, .reloading, .other: .up
            case .deactivating: .goingDown
            case .inactive, .failed, .activating, .maintenance: .down(state.description)
            }
    }
}
