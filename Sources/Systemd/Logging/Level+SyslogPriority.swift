internal import Logging

extension Logger.Level {
    /// The priority as syslog(3) and the journal's `PRIORITY=` number it: 2 critical, 3 error,
    /// 4 warning, 5 notice, 6 informational, 7 debug. 0 and 1 are for the whole system.
    var syslogPriority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
