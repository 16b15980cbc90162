import Configuration
import EndpointFiles
import Files
import Glibc

extension Configuration {
    /// What is wrong with the directories in which its files would be staged, as far as that can be seen: a sentence
    /// each. It may change while the daemon runs, and so is no fault of the configuration.
    var stagingWarnings: [String] {
        // Whoever runs this may be another than the daemon will be.
        let users = Set([geteuid(), Accounts.ofHost.userID("_discoveryd")].compactMap { $0 })
        return outputs.compactMap { output in
            AtomicFileWriter().stagingFault(of: output.path, usedBy: users).map(\.description)
        }
    }
}
