import FoundationEssentials
package import LocalServer

/// An answer of the local API, and its form in HTTP.
///
/// Success has the report that was asked for, or `{"messages":[…]}`; anything else has
/// `{"error":{"code":…,"message":…,"details":[…]}}`, whose code is the outcome.
package struct LocalAPIAnswer: Equatable, Sendable {
    /// How it ended.
    package enum Outcome: String, Sendable {
        /// It is done, or true.
        case done
        /// It will be done as soon as etcd can be told.
        case pending
        /// It did not become true in time.
        case timedOut = "timed_out"
        /// The peer may not ask this.
        case notPermitted = "not_permitted"
        /// The new configuration is faulty, and the old one stays.
        case refused = "configuration_refused"
        /// This host registers no service of that name, or knows nothing of it.
        case unknownService = "unknown_service"
        /// Something that it does not change stands in its way.
        case conflict
        /// The request is none.
        case invalid
        /// Too many ask at once.
        case busy
        /// The daemon is ending.
        case stopping

        fileprivate var status: Response.Status {
            switch self {
            case .done: .ok
            case .pending: .accepted
            case .timedOut: .gatewayTimeout
            case .notPermitted: .forbidden
            case .refused: .unprocessableContent
            case .unknownService: .notFound
            case .conflict: .conflict
            case .invalid: .badRequest
            case .busy, .stopping: .serviceUnavailable
            }
        }
    }

    package var outcome: Outcome
    /// Sentences for people; the last one sums up an error.
    package var messages: [String] = []
    /// The report in JSON, where one was asked for.
    package var report: String?

    package init(_ outcome: Outcome, _ messages: [String] = [], report: String? = nil) {
        self.outcome = outcome
        self.messages = messages
        self.report = report
    }

    /// The body of a success without a report.
    private struct Messages: Codable {
        var messages: [String]
    }

    // MARK: in HTTP

    /// The answer in HTTP.
    var response: Response {
        switch outcome {
        case .done, .pending:
            if let report { return Response(outcome.status, json: report) }
            let encoder = JSONEncoder()
            encoder.outputFormatting = .withoutEscapingSlashes
            // Texts cannot fail to be encoded.
            let json = (try? encoder.encode(Messages(messages: messages))) ?? Data()
            return Response(outcome.status, json: String(decoding: json, as: UTF8.self) + "\n")
        case .timedOut, .notPermitted, .refused, .unknownService, .conflict, .invalid, .busy,
            .stopping:
            return Response(
                outcome.status,
                error: outcome.rawValue,
                messages.last ?? "",
                details: messages.count > 1 ? Array(messages.dropLast()) : nil
            )
        }
    }

    /// Reads an answer to a request.
    ///
    /// - Returns: `nil` for what this version does not know.
    package init?(_ answer: LocalHTTPClient.Answer, to request: LocalAPIRequest) {
        let body = Data(answer.body)
        switch answer.status {
        case Response.Status.ok.rawValue where request.action.isReport:
            self.init(.done, report: String(decoding: body, as: UTF8.self))
        case Response.Status.ok.rawValue, Response.Status.accepted.rawValue:
            // What cannot be read is of another version.
            guard let said = try? JSONDecoder().decode(Messages.self, from: body) else {
                return nil
            }
            let isDone = answer.status == Response.Status.ok.rawValue
            self.init(isDone ? .done : .pending, said.messages)
        default:
            // The same.
            guard let error = try? JSONDecoder().decode(ErrorBody.self, from: body).error,
                let outcome = Outcome(rawValue: error.code)
            else { return nil }
            self.init(outcome, (error.details ?? []) + [error.message])
        }
    }
}
