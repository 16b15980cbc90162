import Configuration
import Daemon
import Files
import FoundationEssentials
import Glibc
import LocalServer
import Machines
import Programs
import Texts

/// Why there is no bundle: a sentence.
package struct BundleFault: Error, Hashable, Sendable {
    package let message: String
}

/// One file for a bug report: the diagnosis and what it was made of, without secrets. discoveryd(8) lists what is in it.
package struct SupportBundle: Sendable {
    private let facts: Facts
    /// Does what waits for a disk.
    private let thread = BlockingThread("bundle")
    private let diagnosis: Diagnosis
    private let report: DiagnosisReport

    /// How long one source may take.
    private static let patience = Duration.seconds(5)
    private static let journalLines = 500

    package init(_ facts: Facts, _ diagnosis: Diagnosis, _ report: DiagnosisReport) {
        self.facts = facts
        self.diagnosis = diagnosis
        self.report = report
    }

    /// Writes it, as tar.gz with the mode 0600.
    ///
    /// - Parameter path: Must not exist; a symbolic link there is not followed.
    /// - Throws: ``BundleFault``; nothing is left at the path then.
    package func write(to path: String) async throws(BundleFault) {
        // First of all, so that nobody waits for what cannot be written.
        try await onThread { () throws(BundleFault) in
            var status = stat()
            if lstat(path, &status) == 0 {
                throw BundleFault(message: "\(path) cannot be made: \(errnoText(EEXIST))")
            }
        }
        let bytes = try await archive()
        try await onThread { () throws(BundleFault) in try Self.put(bytes, at: path) }
    }

    /// Does what may wait for a disk on the thread of the bundle.
    private func onThread<Value: Sendable>(
        _ call: @escaping @Sendable () throws(BundleFault) -> Value
    ) async throws(BundleFault) -> Value {
        let outcome = await atMost(Self.patience) { [thread] in
            await thread.run { () -> Result<Value, BundleFault> in
                do throws(BundleFault) {
                    return .success(try call())
                } catch {
                    return .failure(error)
                }
            }
        }
        guard let outcome else {
            throw BundleFault(message: "a disk does not answer, or it was cancelled")
        }
        return try outcome.get()
    }

    /// Makes a call and returns its value, or `nil` when it takes longer or the task is cancelled.
    private func atMost<Value: Sendable>(
        _ limit: Duration,
        _ call: @escaping @Sendable () async -> Value?
    ) async -> Value? {
        // Throws when it is cancelled.
        let value = try? await within(limit) { await call() }
        return (value ?? nil) ?? nil
    }

    /// Makes the file and fills it through the one descriptor: whoever may rename what is above it has no part in it.
    private static func put(_ bytes: [UInt8], at path: String) throws(BundleFault) {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let file = open(path, flags, 0o600)
        guard file >= 0 else {
            throw BundleFault(message: "\(path) cannot be made: \(errnoText(errno))")
        }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let reason = errnoText(errno)
                // Only what was made here.
                var (ours, there) = (stat(), stat())
                if fstat(file, &ours) == 0, lstat(path, &there) == 0, ours.st_dev == there.st_dev,
                    ours.st_ino == there.st_ino
                {
                    unlink(path)
                }
                throw BundleFault(message: "\(path) cannot be written: \(reason)")
            }
            rest = rest.dropFirst(count)
        }
    }

    private func archive() async throws(BundleFault) -> [UInt8] {
        var archive = TarArchive()
        let now = Int(Date().timeIntervalSince1970)
        for file in try await contents() {
            archive.add("\(Self.name)/\(file.name)", [UInt8](file.text.utf8), time: now)
        }
        do throws(ProgramFault) {
            let call = ProgramCall(["gzip", "-c"], limit: .seconds(30))
            return try await CommandRunner().run(call, input: archive.finish()).output
        } catch {
            throw BundleFault(message: "the bundle cannot be packed: \(error.message)")
        }
    }

    /// The directory in the archive.
    private static let name = "discoveryd-doctor"

    // MARK: what is in it

    /// The files, by name, without secrets.
    ///
    /// - Throws: ``BundleFault`` when it cannot be told what the secrets are.
    private func contents() async throws(BundleFault) -> [(name: String, text: String)] {
        let known = try await onThread { () throws(BundleFault) in self.known() }
        let outputs = await atMost(Self.patience) {
            await BlockingThread("outputs").run { self.outputs }
        }
        async let status = page(facts.daemon.socket, LocalAPIRequest.status.target)
        async let events = page(facts.daemon.socket, "/v1/events")
        async let metrics = metrics()
        async let journal = output([
            "journalctl", "--no-pager", "-q", "-o", "short-iso", "-n", "\(Self.journalLines)", "-u",
            facts.unit.name,
        ])
        async let kernel = output(["uname", "-srvm"])
        let texts = [
            ("doctor.txt", diagnosis.text()),
            ("version.txt", "\(Version.text)\n"),
            ("metrics.txt", await metrics),
            ("journal.txt", await journal),
            ("kernel.txt", await kernel),
            ("outputs.txt", outputs ?? "a disk does not answer\n"),
        ]
        let reports = [
            ("doctor.json", report.json), ("status.json", await status),
            ("events.json", await events),
        ]
        return (texts + known.files).map { ($0.0, known.redaction.applied(to: $0.1)) }
            + reports.map { ($0.0, known.redaction.applied(toJSON: $0.1)) }
    }

    /// Reads from the disk, and collects the secrets there. Blocks.
    private func known() -> (redaction: Redaction, files: [(String, String)]) {
        let configurations = configurationFiles.compactMap {
            path -> (String, RedactedConfiguration)? in
            // One that is not there or not for us; doctor's own lines say why.
            guard let bytes = try? SmallFile.read(path, limit: 1 << 20) else { return nil }
            return (path, RedactedConfiguration(bytes))
        }
        let texts = configurations.map { path, one in "# \(path)\n\(one.text)" }
        let shown = texts.isEmpty ? "# there is none\n" : texts.joined(separator: "\n")
        let properties = facts.unit.properties.map { RedactedUnit(properties: $0.all) }
        let unitFiles = unitFiles.map { ($0, RedactedUnit(file: Self.file($0))) }
        let redaction = Redaction(
            configurations.flatMap(\.1.secrets) + secretsOfFiles
                + Array(properties?.secrets ?? []) + unitFiles.flatMap(\.1.secrets)
        )
        let dropIns = unitFiles.map { path, unit in "# \(path)\n\(unit.text)\n" }
        return (
            redaction,
            [
                ("configuration.txt", shown),
                ("unit.txt", properties?.text ?? "\(facts.unit.trouble ?? "")\n"),
                ("drop-ins.txt", dropIns.joined(separator: "\n")),
                ("os-release.txt", Self.file("/etc/os-release")),
            ]
        )
    }

    /// The files of the configuration, also of one that cannot be used.
    private var configurationFiles: [String] {
        let main = facts.configurationPath
        // There need not be such a directory.
        let more = (try? FileManager.default.contentsOfDirectory(atPath: "\(main).d")) ?? []
        return [main] + more.filter { $0.hasSuffix(".conf") }.sorted().map { "\(main).d/\($0)" }
    }

    /// The password and the lines of the key, as far as we may read them, in case something else tells them.
    private var secretsOfFiles: [String] {
        guard let etcd = facts.configuration?.etcd else { return [] }
        let credentials = ConfigurationSource.credentialsDirectory
        return [etcd.passwordFile, etcd.keyFile].compactMap { $0 }.flatMap { place -> [String] in
            let path = place.path(credentials: credentials)
            // What we may not read cannot come into the bundle through us.
            guard let bytes = try? SmallFile.read(path, limit: 1 << 20) else { return [] }
            return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
                .map(String.init).filter { !$0.hasPrefix("-----") }
        }
    }

    private static func file(_ path: String) -> String {
        // Empty in the bundle, then: it is one file of many.
        let bytes = (try? SmallFile.read(path, limit: 1 << 20)) ?? []
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The unit file and its drop-ins.
    private var unitFiles: [String] {
        guard let properties = facts.unit.properties else { return [] }
        return ([properties["FragmentPath"]] + properties.list("DropInPaths")).filter {
            !$0.isEmpty
        }
    }

    /// The outputs with size and mode. What is in them may be private.
    private var outputs: String {
        guard let configuration = facts.configuration else {
            return "not known: the configuration cannot be used\n"
        }
        return configuration.outputs.map { output -> String in
            var status = stat()
            guard stat(output.path, &status) == 0 else {
                return "\(output.path): \(errnoText(errno))\n"
            }
            let mode = String(status.st_mode & 0o7777, radix: 8)
            return
                "\(output.path): \(status.st_size) bytes, mode 0\(mode), uid \(status.st_uid), gid \(status.st_gid), "
                + "changed \(Date(timeIntervalSince1970: TimeInterval(status.st_mtim.tv_sec)).ISO8601Format())\n"
        }.joined()
    }

    private func page(_ socket: String, _ target: String) async -> String {
        do throws(LocalHTTPClient.Failure) {
            let answer = try await LocalHTTPClient(path: socket).ask(
                .get,
                target,
                within: Self.patience
            )
            return String(decoding: answer.body, as: UTF8.self)
        } catch {
            return "\(error)\n"
        }
    }

    private func metrics() async -> String {
        switch facts.configuration?.metrics.listen {
        case .unix(let path)?: return await page(path, "/metrics")
        case .tcp(let host, let port)?:
            guard let address = HostAddress(host) else { return "" }
            // No program of ours asks over TCP; curl is on most hosts.
            return await output([
                "curl", "-q", "-sS", "--noproxy", "*", "--max-time", "4",
                "http://\(address.joined(port: UInt16(clamping: port)))/metrics",
            ])
        case nil: return "not served: there is no [metrics] listen\n"
        }
    }

    private func output(_ words: [String]) async -> String {
        do throws(ProgramFault) {
            let printed = try await CommandRunner().run(ProgramCall(words, limit: Self.patience))
            return String(decoding: printed.output, as: UTF8.self)
        } catch {
            return "\(error.message)\n"
        }
    }
}
