import FoundationEssentials
import Registry
import Texts

/// What a command asks of the daemon: one line of JSON on the control socket.
enum ControlRequest: Equatable, Sendable {
    /// How the daemon is.
    case status
    /// An answer when the list in the files is current and large enough, or after the time-out.
    case wait(ServiceName?, atLeast: Int, within: Duration)
    /// A service, or the whole host, is to get no new traffic; for a while or until told.
    case drain(ServiceName?, for: Duration?)
    /// The end of that.
    case undrain(ServiceName?)
    /// The configuration is to be read again.
    case reload

    /// A longer line is not read.
    static let byteLimit = 4096
    /// How long a wait may be.
    static let waits: ClosedRange<Duration> = .zero ... .seconds(86400)
    /// How long a drain with an end may be.
    static let drains: ClosedRange<Duration> = .seconds(1) ... .seconds(365 * 86400)

    /// Reads a request.
    ///
    /// - Returns: `nil` when it is none, or asks for something beyond the limits.
    init?(line: [UInt8]) {
        guard let wire = try? JSONDecoder().decode(Wire.self, from: Data(line)) else { return nil }
        var service: ServiceName?
        if let text = wire.service {
            guard let name = ServiceName(declared: text) else { return nil }
            service = name
        }
        switch wire.command {
        case .status: self = .status
        case .wait:
            let limit = Duration.milliseconds(wire.timeout ?? 30000)
            let count = wire.min ?? (service == nil ? 0 : 1)
            guard Self.waits.contains(limit), (0...1_000_000).contains(count) else { return nil }
            self = .wait(service, atLeast: count, within: limit)
        case .drain:
            let span = wire.for.map { Duration.milliseconds($0) }
            guard span.map(Self.drains.contains) ?? true else { return nil }
            self = .drain(service, for: span)
        case .undrain: self = .undrain(service)
        case .reload: self = .reload
        }
    }

    /// The request as a line, its end included.
    var line: [UInt8] {
        var wire = Wire(command: .status)
        switch self {
        case .status: break
        case .wait(let service, let count, let limit):
            wire = Wire(
                command: .wait,
                service: service?.text,
                min: count,
                timeout: limit.milliseconds
            )
        case .drain(let service, let span):
            wire = Wire(command: .drain, service: service?.text, for: span?.milliseconds)
        case .undrain(let service): wire = Wire(command: .undrain, service: service?.text)
        case .reload: wire = Wire(command: .reload)
        }
        // Words and numbers cannot fail to be encoded; a line that did would be refused as none.
        return ((try? JSONEncoder().encode(wire)).map { [UInt8]($0) } ?? []) + [0x0a]
    }

    /// Whether it changes anything.
    var isChange: Bool {
        switch self {
        case .status, .wait: false
        case .drain, .undrain, .reload: true
        }
    }

    private struct Wire: Codable {
        enum Command: String, Codable {
            case status, wait, drain, undrain, reload
        }

        var command: Command
        var service: String?
        var min: Int?
        /// Milliseconds, as `for`.
        var timeout: Int64?
        var `for`: Int64?
    }
}

extension ControlRequest: CustomStringConvertible {
    /// As on the command line, for the log.
    var description: String {
        switch self {
        case .status: "status"
        case .wait(let service, let count, _): "wait \(service?.text ?? "") \(count)"
        case .drain(let service, let span):
            "drain" + (service.map { " \($0)" } ?? "")
                + (span.map { " --for \(DurationText($0))" } ?? "")
        case .undrain(let service): "undrain" + (service.map { " \($0)" } ?? "")
        case .reload: "reload"
        }
    }
}

extension Duration {
    /// In whole milliseconds, what is less dropped.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
