import HealthChecks
import Registry
import Testing

/// Short ways to name things.
enum Services {
    static func key(_ name: String = "web") throws -> ServiceKey {
        ServiceKey(
            service: try #require(ServiceName(declared: name)),
            instance: try #require(InstanceID(declared: "1"))
        )
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
