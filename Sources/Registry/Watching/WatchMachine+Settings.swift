public import Machines

extension WatchMachine {
    /// The timeouts and intervals.
    public struct Settings: Sendable {
        /// The keys to watch.
        public var prefix: RegistryPrefix
        /// How long a key whose record turned bad keeps its last good endpoint. Default 60 s.
        public var hold: Duration = .seconds(60)
        /// How long a stream may be silent before it is asked for progress, and how long each answer
        /// may take. After one unanswered request the connection is suspected, after two the stream is
        /// given up. Default 1.2 s: a member that stands still is left within 5 s.
        public var patience: Duration = .milliseconds(1200)
        /// The time to live of the fleet's leases, about: losses this far apart are taken together.
        /// Default 10 s.
        public var ttl: Duration = .seconds(10)
        /// How long a mass loss that smells of a fault of the store is held back at most; zero
        /// believes everything at once. Default 60 s.
        public var lossHold: Duration = .seconds(60)
        /// How often the list is compared with the store, about; each time lies within a half and
        /// one and a half of it. Default 10 min.
        public var auditEvery: Duration = .seconds(600)
        /// The services to keep endpoints of. Default: all.
        public var selection = ServiceSelection.all
        /// How much is kept. Default: whatever there is.
        public var limits = ListLimits.none
        /// The least time between two comparisons that a count asked for, where counts are all that proves that
        /// nothing was missed. A comparison costs the store more than a count. Default 5 s.
        public var comparisonPause: Duration = .seconds(5)
        /// How soon a service that was left out for its size is looked at again. Default 5 s.
        public var sizeReview: Duration = .seconds(5)
        /// Whether there is a list from before this run, so that the first one of it can wait its turn.
        /// Default: no.
        public var hasEarlierList = false
        /// Delays before listing again. Default up to 200 ms at first, up to 5 s in the end.
        public var backoff = Backoff.Policy(base: .milliseconds(200), cap: .seconds(5))

        /// Settings with the defaults above.
        public init(prefix: RegistryPrefix = .standard) {
            self.prefix = prefix
        }
    }
}
