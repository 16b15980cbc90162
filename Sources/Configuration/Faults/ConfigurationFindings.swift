/// What came to light while files were read: what refuses them, and what is only doubtful.
struct ConfigurationFindings: Equatable, Sendable {
    var faults: [ConfigurationFault] = []
    var warnings: [ConfigurationFault] = []

    mutating func add(_ other: ConfigurationFindings) {
        faults += other.faults
        warnings += other.warnings
    }
}
