/// Why a configuration is refused: every fault of every file, at least one, in the order of the
/// files and of the places in them.
package struct ConfigurationFaults: Error, Equatable, CustomStringConvertible {
    package let faults: [ConfigurationFault]

    /// Is `nil` when there is no fault.
    package init?(_ faults: [ConfigurationFault]) {
        guard !faults.isEmpty else { return nil }
        self.faults = faults
    }

    /// One line for each fault.
    package var description: String {
        faults.map(\.description).joined(separator: "\n")
    }
}
