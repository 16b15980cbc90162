/// An action after files were replaced, so that their consumer loads them.
///
/// Several outputs may have the same one: it is done once for a change that touched several.
public struct ReloadAction: Hashable, Sendable, CustomStringConvertible {
    /// How it is done.
    public enum Kind: Hashable, Sendable {
        /// A unit of systemd is reloaded.
        case unit(String)
        /// A program is run.
        case command([String])
    }

    /// How it is done.
    public var kind: Kind
    /// How long one run may take. Default 30 s.
    public var limit: Duration
    /// The least time between the beginnings of two runs. Default 2 s.
    public var interval: Duration
    /// Over how much time the hosts of a fleet spread their runs: each has its own place in it, always the
    /// same. Default: they do not.
    public var splay: Duration

    /// Describes an action.
    public init(
        _ kind: Kind,
        limit: Duration = .seconds(30),
        interval: Duration = .seconds(2),
        splay: Duration = .zero
    ) {
        self.kind = kind
        self.limit = limit
        self.interval = interval
        self.splay = splay
    }

    /// The unit, or the program.
    public var description: String {
        switch kind {
        case .unit(let unit): unit
        case .command(let arguments): arguments.first ?? ""
        }
    }
}

/// The result of an action that did not fail.
public enum ReloadEnding: Hashable, Sendable {
    /// It is done, or there is nobody whom it would be done for.
    case done
    /// The reader is about to end and takes nothing up before; whether it does is to be seen.
    case putOff
}

/// The reason why an action failed: a sentence for the administrator.
public struct ReloadFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sentence, with the remedy where there is one.
    public let message: String

    /// Describes a failure.
    public init(message: String) {
        self.message = message
    }

    /// The sentence.
    public var description: String { message }
}
