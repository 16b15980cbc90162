import HealthChecks

extension HealthVerdict {
    /// Why a service is not registered, for STATUS= and the status file.
    var summary: String {
        switch state {
        case .up: "its checks pass"
        case .down(let reason): "\(reason.check): \(reason.saw)"
        case .damped: "has come and gone too often, and stays out for a while"
        }
    }
}
