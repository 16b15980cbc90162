import Texts

/// One thing that is wrong with a configuration, or doubtful where it is a warning: where it stands
/// and a sentence that says what was found and what is allowed.
package struct ConfigurationFault: Hashable, Sendable, CustomStringConvertible {
    /// The path of the file, as it was asked for.
    package let file: String
    /// Where the offending value starts, or its key when the key itself is at fault; `nil` when it is
    /// the file as a whole.
    let position: SourcePosition?
    /// The table as an administrator knows it, `[service "web"]`, or `nil` at the top of a file.
    package let table: String?
    /// A sentence that says what is wrong; starts with the key where there is one.
    package let sentence: String

    /// A fault at a place in a file.
    package init(at place: SourcePlace, table: String? = nil, _ sentence: String) {
        self.file = place.file
        self.position = place.position
        self.table = table
        self.sentence = sentence
    }

    /// A fault of a file, or of a directory, as a whole.
    package init(file: String, _ sentence: String) {
        self.file = file
        self.position = nil
        self.table = nil
        self.sentence = sentence
    }

    /// `/etc/discoveryd.conf:17:8: [service "web"] port: must be 1 to 65535, is 80800`.
    package var description: String {
        let place = position.map { SourcePlace(file: file, position: $0).description }
        return "\(place ?? OneLine.escaped(file)): \(table.map { "\($0) " } ?? "")\(sentence)"
    }
}

/// Refuses a configuration: holds every fault of every file, at least one, in the order of the
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

/// Collects the errors and warnings found while files are read.
struct ConfigurationFindings: Equatable, Sendable {
    var faults: [ConfigurationFault] = []
    var warnings: [ConfigurationFault] = []

    mutating func add(_ other: ConfigurationFindings) {
        faults += other.faults
        warnings += other.warnings
    }
}
