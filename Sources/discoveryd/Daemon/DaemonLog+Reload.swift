import EndpointFiles
import Logging
import Registry
import Texts

// The consumers of the files.
extension DaemonLog {
    func reload(_ report: ReloadReport) {
        switch report {
        case .done(let action, let paths):
            // After a failure it is news that it went well.
            let level: Logger.Level = isNews("reload \(action.kind)", "fine") ? .info : .debug
            log.log(
                level: level,
                "reloaded",
                metadata: [
                    "action": "\(action)", "paths": "\(paths.joined(separator: " "))",
                ]
            )
        case .failed(let action, let fault, let delay):
            _ = isNews("reload \(action.kind)", fault.message)
            log.log(
                .reloadFailed,
                "\(fault)",
                metadata: ["action": "\(action)", "retry_in": "\(delay.text)"]
            )
        }
    }
}
