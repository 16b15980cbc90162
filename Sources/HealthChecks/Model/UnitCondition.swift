/// What a systemd unit means for the service that it runs. Whoever follows units maps their states on
/// it.
public enum UnitCondition: Hashable, Sendable {
    /// It runs: `active`, and `reloading`, which still serves.
    case up
    /// It is being stopped: `deactivating`. Its socket is about to close.
    case goingDown
    /// It does not run, or not yet; in the words of systemd, as in `failed (exit-code)`.
    case down(String)
}
