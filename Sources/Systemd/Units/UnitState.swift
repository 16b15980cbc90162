import Texts

/// The state of a unit. See `systemctl list-units` and org.freedesktop.systemd1(5).
public struct UnitState: Hashable, Sendable, CustomStringConvertible {
    /// The states that all types of unit have.
    public enum Active: String, Hashable, Sendable, CaseIterable {
        case active, reloading, inactive, failed, activating, deactivating, maintenance
        /// A state that later versions of systemd have, such as `refreshing`.
        case other
    }

    /// The state: `ActiveState`.
    public var active: Active

    /// The state in the words of the unit's type, such as `running` or `auto-restart`: `SubState`.
    /// Of an inactive unit whose file was not loaded it says why instead: `not-found`, `masked`,
    /// `bad-setting` or `error`, which is its `LoadState`.
    public var sub: String

    /// A state.
    public init(active: Active, sub: String) {
        self.active = active
        self.sub = sub
    }

    /// As `systemctl status` writes it: `active (running)`.
    public var description: String {
        "\(self.active.rawValue) (\(OneLine.flattened(self.sub)))"
    }
}

/// A unit, and the state it is in now.
public struct UnitChange: Hashable, Sendable {
    /// The name by which the unit is watched.
    public var unit: String

    /// Its state.
    public var state: UnitState

    /// A change.
    public init(unit: String, state: UnitState) {
        self.unit = unit
        self.state = state
    }
}
