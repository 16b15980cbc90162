import HealthChecks
import Texts

// `check` of a `[[service]]`.
extension ConfigurationDraft {
    /// How they are written.
    static let checkForm = #"[{ tcp = "127.0.0.1:8080" }]"#

    func readChecks(_ table: inout TomlTableReader) -> [CheckDefinition] {
        var checks: [CheckDefinition] = []
        table.tables("check", title: "unit", written: Self.checkForm) { table in
            if let check = readCheck(&table) { checks.append(check) }
        }
        return checks
    }

    private func readCheck(_ table: inout TomlTableReader) -> CheckDefinition? {
        let unit = table.optional("unit", .unitName)
        let tcp = table.optional(
            "tcp",
            .text("an address and a port, such as \"127.0.0.1:8080\"") { TCPTarget($0) }
        )
        let http = table.optional(
            "http",
            .text("a URL, such as \"http://127.0.0.1:8080/healthz\"") { HTTPAddress($0) }
        )
        let exec = table.list("exec", of: .argument, called: "strings")
        let names = ["unit", "tcp", "http", "exec"]
        guard names.count(where: table.holds) == 1 else {
            table.fault(at: table.place.position, "must have one of unit, tcp, http and exec")
            return nil
        }
        let details = readHTTPDetails(&table, isHTTP: http != nil || table.holds("http"))
        let warningPasses = table.optional("warning_passes", .flag)?.value ?? false
        guard let timing = readTiming(&table) else { return nil }

        if let unit { return CheckDefinition(.unit(unit.value), timing: timing) }
        if let tcp { return CheckDefinition(.tcp(tcp.value), timing: timing) }
        if let http, let details {
            guard let check = details(http.value) else {
                table.fault(
                    at: http.place.position,
                    "http: its method, status or contains is empty"
                )
                return nil
            }
            return CheckDefinition(.http(check), timing: timing)
        }
        if let exec {
            guard let check = ExecCheck(exec.value.map(\.value), warningPasses: warningPasses)
            else {
                table.fault(
                    at: exec.place.position,
                    "exec: must begin with the absolute path of a program"
                )
                return nil
            }
            return CheckDefinition(.exec(check), timing: timing)
        }
        return nil
    }

    /// What an `http` check says beside its URL; `nil` when something of it is refused.
    private func readHTTPDetails(
        _ table: inout TomlTableReader,
        isHTTP: Bool
    ) -> ((HTTPAddress) -> HTTPCheck?)? {
        let method = table.optional(
            "method",
            .text("a method, such as \"GET\"") { $0.isEmpty ? nil : $0 }
        )
        let statuses = table.list("status", of: .integer(in: 100...599), called: "integers")
        let contains = table.optional("contains", .freeText)
        let verify = table.optional("verify", .flag)
        let authorities = table.optional("ca_file", .outputPath)
        let serverName = table.optional("server_name", .word)
        let written = table.dictionary("headers", keys: .word, values: .freeText, called: "strings")
        var headers: [HTTPCheck.Header] = []
        for (name, value) in (written?.value ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let header = HTTPCheck.Header(name, value) else {
                table.fault(
                    at: written?.place.position ?? table.place.position,
                    "headers: \(Quoted(name)) cannot be a header"
                )
                return nil
            }
            headers.append(header)
        }
        if !isHTTP {
            let keys = [
                "method", "status", "contains", "verify", "ca_file", "server_name", "headers",
            ]
            for key in keys where table.holds(key) {
                table.fault(at: table.place.position, "\(key): goes with http only")
            }
        }
        return { address in
            HTTPCheck(
                address,
                method: method?.value ?? "GET",
                headers: headers,
                statuses: statuses?.value.map { Int($0.value)...Int($0.value) }
                    ?? HTTPCheck.usualStatuses,
                contains: contains?.value,
                trust: TLSTrust(
                    verifies: verify?.value ?? true,
                    authorities: authorities?.value,
                    serverName: serverName?.value
                )
            )
        }
    }

    private func readTiming(_ table: inout TomlTableReader) -> CheckTiming? {
        var timing = CheckTiming()
        let spans: ClosedRange<Duration> = .milliseconds(100) ... .seconds(3600)
        table.read(
            "interval",
            .duration(in: spans, example: timing.interval),
            into: &timing.interval
        )
        table.read("timeout", .duration(in: spans, example: timing.timeout), into: &timing.timeout)
        table.read("rise", .count(in: 1...100), into: &timing.rise)
        table.read("fall", .count(in: 1...100), into: &timing.fall)
        table.read("initial", .choice, into: &timing.initial)
        return timing
    }
}

extension Expectation where Value == Bool {
    /// Yes or no.
    static var flag: Expectation {
        Expectation(type: "a boolean,", limits: "true or false") { value in
            if case .boolean(let flag) = value { .value(flag) } else { .wrongType }
        }
    }
}

extension Expectation where Value == String {
    /// The name of a unit of systemd, with its suffix.
    static var unitName: Expectation {
        judgedText("a unit of systemd,", "such as \"nginx.service\"") { text in
            let isName =
                (3...255).contains(text.utf8.count) && text.contains(".")
                && text.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"),
                        UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"):
                        true
                    default: ":-_.\\@".utf8.contains(byte)
                    }
                }
            return isName ? .value(text) : .malformed
        }
    }

    /// A word of a command line.
    static var argument: Expectation {
        judgedText("a string", "without a NUL") { text in
            text.utf8.contains(0) ? .malformed : .value(text)
        }
    }
}
