import Configuration
import Synchronization

/// The configuration in force.
final class CurrentConfiguration: Sendable {
    private let state: Mutex<Configuration>

    init(_ configuration: Configuration) {
        state = Mutex(configuration)
    }

    var value: Configuration {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
