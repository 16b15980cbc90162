import HealthChecks

extension HealthVerdict {
    /// Why a service is not registered, for STATUS= and the status file.
    var summary: String {
        switch state {
        case .up: "its checks pass"
        case .down(let reason): "\(reason.check): \(reason.saw)"
        case .damped: "flapping, not registered for now although its checks pass"
        }
    }
}
