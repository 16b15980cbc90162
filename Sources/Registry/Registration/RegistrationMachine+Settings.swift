public import Machines

extension RegistrationMachine {
    /// Who registers, and how.
    public struct Settings: Sendable {
        /// Where in the key space.
        public var prefix: RegistryPrefix
        /// This host.
        public var owner: OwnerID
        /// What this host calls itself, for people who read the records; 1 to 255 bytes. Default: nothing is
        /// said.
        public var host: String?
        /// The time to live to ask for, in whole seconds, at least 1. Default 10 s.
        public var ttl: Duration = .seconds(10)
        /// How many claims may be under way at once. Default 16.
        public var claimsInFlight = 16
        /// Delays after failures. Default up to 200 ms at first, up to 5 s in the end.
        public var backoff = Backoff.Policy(base: .milliseconds(200), cap: .seconds(5))
        /// Delays between tries for a key that somebody else has. Default up to 2 s at first, up to
        /// 30 s in the end; a deletion of the key ends the wait at once.
        public var refusalBackoff = Backoff.Policy(base: .seconds(2), cap: .seconds(30))
        /// How often the companion records of our keys are looked after, in the mean. Default 5 min.
        public var reviewEvery: Duration = .seconds(300)

        /// Settings with the defaults above.
        public init(prefix: RegistryPrefix = .standard, owner: OwnerID) {
            self.prefix = prefix
            self.owner = owner
        }
    }
}
