import LocalServer
package import Logging

/// The resources of the local API, `/v1/…`, and what answers them.
package struct LocalAPIRoutes: Sendable {
    /// Where it is served unless said otherwise: in the unit's runtime directory.
    package static let standardSocket = "/run/discoveryd/control.sock"
    /// What is said where a command and the daemon do not understand one another.
    package static let otherVersion = "another version of discoveryd is running; restart it"
    /// What a command of a version before the local API is told: those send a line of JSON, and print the messages of
    /// the line that they get.
    static let lineProtocol = LocalHTTPServer.OtherProtocol(
        firstByte: UInt8(ascii: "{"),
        answer: Array(#"{"messages":["\#(otherVersion)"],"outcome":"invalid"}"#.utf8) + [0x0a]
    )

    /// Answers a request; cancelled it answers what is known by then.
    package let answer: @Sendable (LocalAPIRequest) async -> LocalAPIAnswer
    package let log: Logger

    /// All of its resources.
    var routes: [Route] {
        LocalAPIRequest.Action.allCases.map { action in
            Route(action.path, action.purpose, busy: action.busy) { request in
                await response(to: request, for: action)
            }
        }
    }

    private func response(
        to request: Request,
        for action: LocalAPIRequest.Action
    ) async -> Response {
        do throws(Request.QueryError) {
            let asked = try LocalAPIRequest(action, request)
            if action.isChange {
                let user = request.peer.map { "\($0.user)" } ?? "unknown"
                log.info("request on the control socket: \(asked)", metadata: ["uid": "\(user)"])
            }
            return await answer(asked).response
        } catch {
            return LocalAPIAnswer(.invalid, [error.message]).response
        }
    }
}
