package import Daemon
package import LocalServer

/// A socket that listens on this host.
package struct Listener: Hashable, Sendable {
    package enum Transport: Hashable, Sendable { case tcp, udp }

    package var transport: Transport
    /// An IP address; `0.0.0.0` and `::` are all.
    package var address: String
    package var port: UInt16
    /// The user that opened it.
    package var user: UInt32

    package init(_ transport: Transport, _ address: String, _ port: UInt16, user: UInt32) {
        self.transport = transport
        self.address = address
        self.port = port
        self.user = user
    }
}

/// A process that looks like a daemon of ours.
package struct DaemonProcessFacts: Hashable, Sendable {
    /// What the process was given as `STATE_DIRECTORY`, see systemd.exec(5).
    package enum GivenDirectory: Hashable, Sendable {
        case none
        case directory(String)
        /// Its environment may not be read.
        case unknown
    }

    package var process: Int32
    package var arguments: [String]
    package var parent: Int32 = 0
    /// The user and the groups that it runs with; `nil` where that was not told.
    package var user: UserFacts?
    package var given = GivenDirectory.unknown

    package init(process: Int32, arguments: [String]) {
        self.process = process
        self.arguments = arguments
    }
}

/// What the running daemon says of itself.
package struct DaemonFacts: Sendable {
    /// Its answer; `nil` when there is none, and ``trouble`` says why.
    package var status: StatusReport?
    package var trouble: LocalHTTPClient.Failure?
    package var socket = LocalAPIRoutes.standardSocket

    package init() {}
}

/// A question to polkit, or to a HAProxy, with its answer.
package enum Asked: Hashable, Sendable {
    case yes
    case no(String)
    /// It could not be asked.
    case unknown(String)
}
