/// The state of a systemd unit as a health check sees it. Whoever watches units maps their states to
/// this.
public enum UnitCondition: Hashable, Sendable {
    /// It runs: `active`, and `reloading`, which still serves.
    case up
    /// It is being stopped: `deactivating`. Its socket is about to close.
    case goingDown
    /// It does not run, or not yet; in the words of systemd, as in `failed (exit-code)`.
    case down(String)
}
