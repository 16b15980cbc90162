import LocalServer
package import Logging
package import Registry
import Texts

/// A request of the local API: what a command, or another program on this host, asks of the daemon.
package enum LocalAPIRequest: Equatable, Sendable {
    /// The status of the daemon.
    case status
    /// The events that are kept: all, or those of a service or an instance, after a number.
    case events(EventQuery)
    /// The same as soon as there are any, or none after the time-out.
    case awaitEvents(EventQuery, within: Duration)
    /// All that is known of a service or an instance.
    case explain(ServiceName, InstanceID?)
    /// An answer when the list in the files is current and large enough, or after the time-out.
    case wait(ServiceName?, atLeast: Int, within: Duration)
    /// A service, or the whole host, is to get no new traffic; for a while or until told.
    case drain(ServiceName?, for: Duration?)
    /// The end of that.
    case undrain(ServiceName?)
    /// The configuration is to be read again.
    case reload

    /// Selects events.
    package struct EventQuery: Equatable, Sendable {
        package var service: ServiceName?
        /// One instance of the service.
        package var instance: InstanceID?
        /// The number of the last event that is known already.
        package var after: Int
        /// The run that the number is of; of another run all events are new.
        package var run: String?

        package init(
            service: ServiceName? = nil,
            instance: InstanceID? = nil,
            after: Int = 0,
            run: String? = nil
        ) {
            self.service = service
            self.instance = instance
            self.after = after
            self.run = run
        }
    }

    /// Names a resource of the API.
    package enum Action: String, CaseIterable, Sendable {
        case status, events, explain, wait, drain, undrain, reload
        case awaitEvents = "events/wait"

        /// The path of the resource.
        var path: String { "/v1/\(rawValue)" }

        var purpose: Route.Purpose {
            switch self {
            case .status, .events, .explain: .report
            case .awaitEvents: .follow
            case .wait: .wait
            case .drain, .undrain, .reload: .change
            }
        }

        /// Whether it changes anything.
        package var isChange: Bool { purpose == .change }

        /// Whether its answer is a report.
        package var isReport: Bool { purpose == .report || purpose == .follow }

        /// The parameters that it takes.
        var parameters: [String] {
            switch self {
            case .status, .reload: []
            case .events: ["service", "id", "after", "run"]
            case .awaitEvents: ["service", "id", "after", "run", "timeout"]
            case .explain: ["service", "id"]
            case .wait: ["service", "count", "timeout"]
            case .drain: ["service", "for"]
            case .undrain: ["service"]
            }
        }

        /// Answers one who asks when too many do.
        var busy: String {
            switch self {
            case .status, .events, .explain: "too many ask for reports at once; try again"
            case .awaitEvents: "too many follow the events at once; try again"
            case .wait: "too many wait for the list at once; try again"
            case .drain, .undrain, .reload: "too many change something at once; try again"
            }
        }
    }

    /// How long a wait may be.
    package static let waits: ClosedRange<Duration> = .zero ... .seconds(86400)
    /// How long a request for events may wait for the first.
    package static let eventWaits: ClosedRange<Duration> = .zero ... .seconds(60)
    /// How many endpoints can be waited for.
    package static let counts = 0...1_000_000
    /// How long a drain with an end may be.
    package static let drains: ClosedRange<Duration> = .seconds(1) ... .seconds(365 * 86400)

    /// Reads a request from the query of its path.
    ///
    /// - Throws: ``Request/QueryError`` for parameters that it does not have, and values that cannot be read or are
    ///   beyond the limits.
    init(_ action: Action, _ request: Request) throws(Request.QueryError) {
        let values = try request.parameters(action.parameters)
        switch action {
        case .status: self = .status
        case .events: self = .events(try Self.eventQuery(in: values))
        case .awaitEvents:
            let limit = try Self.duration(
                of: "timeout",
                in: values,
                Self.eventWaits,
                "25s, at most 60s"
            )
            self = .awaitEvents(try Self.eventQuery(in: values), within: limit ?? .seconds(25))
        case .explain:
            let query = try Self.eventQuery(in: values)
            guard let service = query.service else {
                throw Request.QueryError(message: "the parameter service is missing")
            }
            self = .explain(service, query.instance)
        case .wait:
            let service = try Self.ownService(in: values)
            let count = try Self.value(of: "count", in: values, "a number from 0 to 1000000") {
                Int($0).flatMap { Self.counts.contains($0) ? $0 : nil }
            }
            let limit = try Self.duration(of: "timeout", in: values, Self.waits, "30s, at most 24h")
            self = .wait(
                service,
                atLeast: count ?? (service == nil ? 0 : 1),
                within: limit ?? .seconds(30)
            )
        case .drain:
            let span = try Self.duration(of: "for", in: values, Self.drains, "10m, 1s to 8760h")
            self = .drain(try Self.ownService(in: values), for: span)
        case .undrain: self = .undrain(try Self.ownService(in: values))
        case .reload: self = .reload
        }
    }

    /// A name as this host would register it.
    private static func ownService(
        in values: [String: String]
    ) throws(Request.QueryError) -> ServiceName? {
        try value(of: "service", in: values, "a service's name") { ServiceName(declared: $0) }
    }

    private static func eventQuery(
        in values: [String: String]
    ) throws(Request.QueryError) -> EventQuery {
        let query = EventQuery(
            service: try value(of: "service", in: values, "a service's name") {
                ServiceName(read: $0)
            },
            instance: try value(of: "id", in: values, "an instance's id") { InstanceID(read: $0) },
            after: try value(of: "after", in: values, "the number of an event") {
                Int($0).flatMap { $0 >= 0 ? $0 : nil }
            } ?? 0,
            run: values["run"]
        )
        guard query.service != nil || query.instance == nil else {
            throw Request.QueryError(message: "the parameter id needs the parameter service")
        }
        return query
    }

    private static func duration(
        of name: String,
        in values: [String: String],
        _ range: ClosedRange<Duration>,
        _ example: String
    ) throws(Request.QueryError) -> Duration? {
        try value(of: name, in: values, "a span of time such as \(example)") { text in
            DurationText(text).flatMap { range.contains($0.duration) ? $0.duration : nil }
        }
    }

    private static func value<Value>(
        of name: String,
        in values: [String: String],
        _ what: String,
        _ read: (String) -> Value?
    ) throws(Request.QueryError) -> Value? {
        guard let text = values[name] else { return nil }
        guard let value = read(text) else {
            throw Request.QueryError(message: "the parameter \(name) must be \(what)")
        }
        return value
    }

    /// The resource that is asked for, without the parameters.
    package var action: Action {
        switch self {
        case .status: .status
        case .events: .events
        case .awaitEvents: .awaitEvents
        case .explain: .explain
        case .wait: .wait
        case .drain: .drain
        case .undrain: .undrain
        case .reload: .reload
        }
    }

    /// Its path with its query.
    package var target: String {
        var query: [(name: String, value: String)] = []
        switch self {
        case .status, .reload: break
        case .events(let events): query = events.parameters
        case .awaitEvents(let events, let limit):
            query = events.parameters + [("timeout", "\(DurationText(limit))")]
        case .explain(let service, let instance):
            query.append(("service", service.text))
            if let instance { query.append(("id", instance.text)) }
        case .wait(let service, let count, let limit):
            if let service { query.append(("service", service.text)) }
            query.append(("count", "\(count)"))
            query.append(("timeout", "\(DurationText(limit))"))
        case .drain(let service, let span):
            if let service { query.append(("service", service.text)) }
            if let span { query.append(("for", "\(DurationText(span))")) }
        case .undrain(let service):
            if let service { query.append(("service", service.text)) }
        }
        let pairs = query.map { "\($0.name)=\(Request.encoded($0.value))" }
        return action.path + (pairs.isEmpty ? "" : "?") + pairs.joined(separator: "&")
    }
}

extension LocalAPIRequest.EventQuery {
    fileprivate var parameters: [(name: String, value: String)] {
        var parameters: [(name: String, value: String)] = []
        if let service { parameters.append(("service", service.text)) }
        if let instance { parameters.append(("id", instance.text)) }
        if after > 0 { parameters.append(("after", "\(after)")) }
        if let run { parameters.append(("run", run)) }
        return parameters
    }
}

extension LocalAPIRequest: CustomStringConvertible {
    /// As on the command line, for the log.
    package var description: String {
        switch self {
        case .status: "status"
        case .events, .awaitEvents: "events"
        case .explain(let service, let instance):
            "explain \(service)" + (instance.map { "/\($0)" } ?? "")
        case .wait(let service, let count, _): "wait \(service?.text ?? "") \(count)"
        case .drain(let service, let span):
            "drain" + (service.map { " \($0)" } ?? "")
                + (span.map { " --for \(DurationText($0))" } ?? "")
        case .undrain(let service): "undrain" + (service.map { " \($0)" } ?? "")
        case .reload: "reload"
        }
    }
}

/// The resources of the local API, `/v1/…`, and what answers them.
package struct LocalAPIRoutes: Sendable {
    /// Where it is served unless said otherwise: in the unit's runtime directory.
    package static let standardSocket = "/run/discoveryd/control.sock"
    /// Tells a command that it and the daemon do not understand one another.
    package static let otherVersion = "another version of discoveryd is running; restart it"
    /// Answers a command of a version before the local API: those send a line of JSON, and print the messages of
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
