import HealthChecks
import Registry
import TestKit
import Testing

/// Short ways to name things.
enum Services {
    static func key(_ name: String = "web") throws -> ServiceKey {
        try ServiceKey("\(name)/1")
    }

    static func tcp(_ port: UInt16, timing: CheckTiming = Services.timing()) throws
        -> CheckDefinition
    {
        CheckDefinition(.tcp(try #require(TCPTarget("127.0.0.1:\(port)"))), timing: timing)
    }

    /// Ten seconds, two, 2 of 3, and no jitter.
    static func timing(
        rise: Int = 2,
        fall: Int = 3,
        initial: CheckTiming.Initial = .down,
        jitter: Double = 0
    ) -> CheckTiming {
        CheckTiming(
            interval: .seconds(10),
            timeout: .seconds(2),
            rise: rise,
            fall: fall,
            initial: initial,
            jitter: jitter
        )
    }
}

extension HealthVerdict {
    /// What the check saw that fails; `nil` when all pass.
    var seen: String? {
        if case .down(let reason) = state { reason.saw } else { nil }
    }
}

extension HealthReport {
    /// Why a service is down, where that is what it says.
    var reason: HealthReason? {
        switch self {
        case .down(_, let reason), .reasonChanged(_, let reason): reason
        default: nil
        }
    }
}

extension [ServiceHealthMachine.Action] {
    /// The numbers of the runs that are to begin.
    var runs: [Int] { compactMap { if case .run(_, let number) = $0 { number } else { nil } } }
}
