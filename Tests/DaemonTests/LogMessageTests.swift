import Configuration
import Etcd
import Foundation
import Logging
import Programs
import Registry
import Synchronization
import Systemd
import TestKit
import Testing
import Texts

@testable import Daemon
@testable import EndpointFiles
@testable import Files
@testable import HealthChecks

/// The messages of the log, and the catalog that `journalctl -x` reads.
@Suite struct LogMessageTests {
    @Test
    func `an id is a random 128-bit number in the journal's form, and belongs to one message`() {
        for message in LogMessage.allCases {
            let id = message.rawValue
            #expect(id.utf8.count == 32, "\(message)")
            #expect(id.allSatisfy { "0123456789abcdef".contains($0) }, "\(message)")
            // Version and variant of a random UUID, as systemd-id128(1) makes them (RFC 9562 §5.4).
            #expect(Array(id)[12] == "4", "\(message)")
            #expect("89ab".contains(Array(id)[16]), "\(message)")
        }
        #expect(Set(LogMessage.allCases.map(\.rawValue)).count == LogMessage.allCases.count)
    }

    @Test func `a text is the beginning of one sentence, and no other message has it`() {
        for message in LogMessage.allCases {
            #expect(message.text.first?.isLowercase == true, "\(message)")
            #expect(message.text.last?.isPunctuation == false || message.text.hasSuffix("]"))
            #expect([.notice, .warning, .error].contains(message.level), "\(message)")
        }
        #expect(Set(LogMessage.allCases.map(\.text)).count == LogMessage.allCases.count)
    }

    @Test func `the catalog explains each warning and error, and nothing else`() throws {
        let explained = try Catalog().entries.map(\.id)
        let severe = LogMessage.allCases.filter { $0.level >= .warning }
        #expect(explained == severe.map(\.rawValue))
    }

    @Test func `an entry of the catalog says what it means, what the daemon does, and what to do`()
        throws
    {
        let entries = try Catalog().entries
        #expect(!entries.isEmpty)
        for entry in entries {
            #expect(
                entry.headers.map { $0.prefix { $0 != ":" } }
                    == ["Subject", "Defined-By", "Documentation"],
                "\(entry.id)"
            )
            #expect(entry.headers.last == "Documentation: man:discoveryd(8)", "\(entry.id)")
            #expect(entry.paragraphs.count >= 3, "\(entry.id)")
        }
    }

    @Test func `a field that the catalog shows is in the message`() throws {
        let reporter = try Reporter()
        let shown = Dictionary(
            uniqueKeysWithValues: try Catalog().entries.map { ($0.id, $0.fields) }
        )
        let logged = reporter.fieldsOfReportedMessages()
        #expect(logged.count > 20)
        for (id, fields) in logged {
            let missing = shown[id, default: []].subtracting(fields)
            #expect(missing.isEmpty, "\(id) lacks \(missing)")
        }
        // What other parts of the daemon log.
        let others: [LogMessage] = [
            .ioHangs, .stateDirectoryHangs, .stateNotFlushed, .unitUnwatchable,
        ]
        let known = Set(logged.keys).union(others.map(\.rawValue))
        #expect(Set(shown.filter { !$0.value.isEmpty }.keys).subtracting(known).isEmpty)
    }

    @Test func `a line on a terminal is the text and the detail, without the id`() {
        let lines = Mutex<[String]>([])
        let log = Logger(label: "test") { label in
            TerminalLogHandler(
                label: label,
                writer: LogWriter { line in lines.withLock { $0.append(line) } }
            )
        }
        log.log(.listStale, "no answer", metadata: ["etcd": "10.0.0.1:2379"])
        let line = lines.withLock { $0.first } ?? ""
        #expect(
            line.hasSuffix(" warning  endpoint list may be stale: no answer etcd=10.0.0.1:2379\n")
        )
    }

    @Test
    func `drains, reloads, the address, spills and the life cycle are logged from their events`()
        throws
    {
        let web = try #require(ServiceName(declared: "web"))
        let address = try #require(HostAddress("10.0.0.7"))
        let events = Events()
        let log = DaemonLog(events.log)
        for event: DaemonEvent in [
            .drain(.began(.service(web), for: .seconds(60))), .drain(.ended(.host)),
            .drain(.expired(.host)), .drain(.continued(.host)),
            .registrar(.addressMissing(web)),
            .registrar(.addressChanged(address, before: nil)),
            .configuration(.doubtful("a")), .configuration(.partRefused("b")),
            .configuration(.needsRestart("[etcd] has changed")),
            .configuration(.applied(Configuration())),
            .configuration(.reloaded(services: 2, outputs: 3)),
            .configuration(.refused(["c", "d"])), .lifeCycle(.listReceived), .lifeCycle(.ready),
            .publish(.spillBegan(path: "/x", web)), .publish(.spillsMore(path: "/x", count: 2)),
            .publish(.spillEnded(path: "/x", web)),
        ] {
            log.handle(event)
        }
        let lines = events.all.map { event in
            let fields = (event.metadata ?? [:])
                .filter { $0.key != JournalLogHandler.messageIDKey }
                .map { " \($0.key)=\($0.value)" }.sorted()
            return "\(event.level) \(event.message)\(fields.joined())"
        }
        #expect(
            lines == [
                "notice draining: web for=60.0 seconds service=web",
                "notice drain ended: the whole host",
                "notice drain ended after the requested time: the whole host",
                "notice still draining, as before the restart: the whole host",
                "warning no address to register: web \(PrimaryAddress.missing) service=web",
                "notice address of this host changed: 10.0.0.7 before=none",
                "warning configuration warning: a",
                "error output disabled by a configuration error: b",
                "warning configuration change takes effect only after a restart: [etcd] has changed",
                "notice configuration reloaded outputs=3 services=2",
                "error configuration error: c", "error configuration error: d",
                "error configuration reload failed; the old configuration stays in force",
                "notice ready",
                "notice too few usable endpoints in the preferred zone; traffic spills to others path=/x service=web",
                "notice more services spill to other zones more=2 path=/x",
                "notice traffic no longer spills to other zones path=/x service=web",
            ]
        )
        #expect(events.all.allSatisfy { $0.metadata?[JournalLogHandler.messageIDKey] != nil })
    }

    @Test func `a handler of the journal gets the id, the level and the place of the call`() throws
    {
        let events = Events()
        events.log.log(.ready)
        let event = try #require(events.all.first)
        #expect(event.message.description == "ready")
        #expect(event.level == .notice)
        #expect(event.metadata?[JournalLogHandler.messageIDKey] == "\(LogMessage.ready.rawValue)")
        #expect(event.file == #fileID)
    }
}

/// `packaging/discoveryd.catalog`, read as journalctl(1) reads it.
private struct Catalog {
    struct Entry {
        var id: String
        var headers: [String] = []
        var paragraphs: [String] = []

        /// The fields that stand for themselves in the text, such as `DISCOVERYD_SERVICE`.
        var fields: Set<String> {
            let text = (headers + paragraphs).joined(separator: "\n")
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            let names = parts.enumerated().filter { $0.offset % 2 == 1 }
            return Set(names.map { String($0.element) })
        }
    }

    var entries: [Entry] = []

    init() throws {
        let path = Repository.root.appending(path: "packaging/discoveryd.catalog")
        let text = String(decoding: try Data(contentsOf: path), as: UTF8.self)
        for part in text.split(separator: "\n-- ").dropFirst() {
            let blocks = part.split(separator: "\n\n").map(String.init)
            let head = blocks.first?.split(separator: "\n").map(String.init) ?? []
            entries.append(
                Entry(
                    id: head.first ?? "",
                    headers: Array(head.dropFirst()),
                    paragraphs: Array(blocks.dropFirst())
                )
            )
        }
        try #require(!entries.isEmpty)
    }
}

/// What was logged.
private final class Events: Sendable {
    private struct Handler: LogHandler {
        let events: Events
        var metadata: Logger.Metadata = [:]
        var metadataProvider: Logger.MetadataProvider?
        var logLevel = Logger.Level.trace

        func log(event: LogEvent) { events.list.withLock { $0.append(event) } }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
    }

    private let list = Mutex<[LogEvent]>([])

    var all: [LogEvent] { list.withLock { $0 } }
    var log: Logger { Logger(label: "test") { _ in Handler(events: self) } }
}

/// Reports each kind of trouble once.
private struct Reporter {
    private let web: ServiceKey
    private let etcd: EtcdEndpoint
    private let events = Events()
    private let error = StoreError(.refused, "no")
    private let lease = LeaseID(rawValue: 7)

    init() throws {
        web = try ServiceKey("web/web-1")
        etcd = try EtcdEndpoint("10.0.0.1:2379")
    }

    /// For each message that was logged its fields, as the journal names them.
    func fieldsOfReportedMessages() -> [String: Set<String>] {
        let log = DaemonLog(events.log)
        report(to: log)
        var fields: [String: Set<String>] = [:]
        for event in events.all {
            let metadata = event.metadata ?? [:]
            guard let id = metadata[JournalLogHandler.messageIDKey] else { continue }
            fields["\(id)"] = Set(metadata.keys.map { "DISCOVERYD_" + $0.uppercased() })
        }
        return fields
    }

    private func report(to log: DaemonLog) {
        let delay = Duration.seconds(1)
        let connection = EtcdError(.other, "no")
        log.connection(.attemptFailed(etcd, connection))
        log.connection(.filesNeedCare(etcd, "cert_file"))
        log.connection(.lost(etcd, reason: "no"))
        log.registration(.leaseLost(lease))
        log.registration(.leaseShared(lease, with: "10.0.0.2"))
        log.registration(.leaseDoubtful(lease))
        log.registration(.grantFailed(error, retryIn: delay))
        log.registration(.lost(web, .deleted))
        log.registration(.lost(web, .overwritten))
        log.registration(.contested(web))
        let holder = Holder(owner: nil, lease: lease, address: nil)
        log.registration(.refused(web, .heldByAnotherHost(holder)))
        log.registration(.companionsHeld(web, ["/skydns/web"]))
        log.registration(.claimFailed(web, error, retryIn: delay))
        log.registration(.left(error))
        let reason = HealthReason(check: "tcp", saw: "no", since: .zero, lasted: .zero)
        log.health(.down(web, reason))
        log.health(.dampingBegan(web, returnIn: delay))
        log.registrar(.addressMissing(web.service))
        log.watch(.outOfSync(reason: "no"))
        log.watch(.snapshotFailed(error, retryIn: delay))
        log.watch(.restored(from: 2, to: 1, isOtherCluster: false))
        log.watch(.restored(from: 2, to: 1, isOtherCluster: true))
        log.watch(.massLoss(held: 2, of: 3))
        log.watch(.diverged(keys: 1, inStore: 2))
        log.watch(.limitsExceeded([web.service: .zero]))
        log.watch(.badRecord(key: StoreKey("services/x"), .tooLong))
        log.watch(.moreBadRecords(2))
        let file = FileError(code: .noSpace, path: "/x", call: "write", errno: 28, message: "full")
        log.publish(.kept(path: "/x", .empty))
        log.publish(.failed(file, retryIn: delay))
        log.publish(.refused(path: "/x", ProgramFault(code: .refused, message: "no")))
        log.publish(.refused(path: "/x", ProgramFault(code: .notDone, message: "late")))
        log.publish(.refused(path: "/x", ProgramFault(code: .notRendered, message: "deep")))
        log.publish(.altered(path: "/x"))
        let rejection = Rejection(
            service: web.service,
            instance: web.instance,
            fault: EncodingFault(.tooLong, "is too long")
        )
        log.publish(.rejected(path: "/x", rejection))
        log.publish(.rejectedMore(path: "/x", count: 2))
        let action = ReloadAction(.unit("haproxy.service"))
        log.reload(.failed(action, ReloadFault(message: "no"), retryIn: delay))
        let refusal = ProgramFault(code: .refused, message: "no")
        for report: RuntimeReport in [
            .applied(path: "/x", commands: 2), .deleted(path: "/x", servers: 1),
            .processChanged(path: "/x", pid: 3),
            .unreachable(path: "/x", RuntimeFault(.notPermitted, "no")), .reachable(path: "/x"),
            .different(path: "/x", reason: "no"), .reloadRefused(path: "/x", refusal),
            .reloadNeeded(path: "/x", reason: "options"),
            .setByHand(path: "/x", ["web/a is in state maint"], more: 2),
            .setByHand(path: "/x", [], more: 0),
        ] { log.runtime(report) }
    }
}
