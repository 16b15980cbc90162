import Configuration
import Daemon
import EndpointFiles
import Etcd
import Files
import FoundationEssentials
import Glibc
import HealthChecks
import LocalServer
import Machines
import Network
import Programs
import Registry
import Systemd
import Texts

/// Gathers the facts that the checks judge: from the disk, systemd, polkit, etcd, the daemon and HAProxy.
///
/// Everything that may hang has a limit of its own and runs beside the rest, so that all of it ends within about 15 s,
/// whatever hangs. Nothing is written, but for a transaction in etcd that never holds.
package struct FactGatherer: Sendable {
    /// The configuration file; where it usually is without one.
    package var configuration: String?
    package var controlSocket = LocalAPIRoutes.standardSocket
    package var unit = "discoveryd.service"
    private let threads = BlockingThreads()

    /// How long a look at one thing of this host may take.
    private static let patience = Duration.seconds(3)
    /// How long an endpoint may take for one step, and for all of them.
    private static let (step, steps) = (Duration.seconds(3), Duration.seconds(8))
    /// How long all requests as the daemon's user may take.
    private static let session = Duration.seconds(5)

    package init() {}

    /// Gathers all of it.
    package func facts() async -> Facts {
        var facts = Facts(now: Self.now)
        facts.hostname = HostName.current
        // A host without a machine id has no name to sign with.
        facts.owner = (try? HostIdentity.current())?.owner.text
        facts.daemon.socket = controlSocket
        async let shown = UnitQuestions(limit: Self.patience).show([unit])
        async let status = askStatus()
        async let listeners = look("/proc/net") {
            (ListenerTable.ofHost(), ListenerTable.addresses())
        }
        async let processes = look("/proc") { DaemonProcesses.ofHost() }
        await addConfiguration(to: &facts)
        let (heard, daemons) = (await listeners, await processes)
        (facts.listeners, facts.addresses) = heard ?? ([], [])
        facts.processes = daemons ?? []
        (facts.areListenersKnown, facts.areProcessesKnown) = (heard != nil, daemons != nil)
        await addUsers(to: &facts, shown: await shown)
        (facts.daemon.status, facts.daemon.trouble) = await status
        guard let configuration = facts.configuration else { return facts }
        let known = facts
        async let endpoints = examine(configuration, known)
        await addHost(to: &facts, configuration)
        (
            facts.endpoints, facts.fileTroubles, facts.fileWarnings, facts.passwordTrouble,
            facts.ownCertificate, facts.blindness
        ) =
            await endpoints
        await addSession(to: &facts, configuration)
        return facts
    }

    private static var now: Int { time(nil) }

    /// Does what may hang on a thread of its own.
    ///
    /// - Returns: `nil` when it takes too long.
    private func look<Value: Sendable>(
        _ thing: String,
        _ call: @escaping @Sendable () -> Value
    ) async -> Value? {
        let thread = threads.thread(thing)
        // Throws when it is cancelled: not told, as when it is too late.
        let outcome = try? await within(Self.patience) { await thread.run(call) }
        return outcome.flatMap { $0 }.flatMap { $0 }
    }

    // MARK: the configuration

    private func addConfiguration(to facts: inout Facts) async {
        facts.configurationPath = configuration ?? ConfigurationLoader.standardPath
        let loader = ConfigurationLoader(
            hostname: facts.hostname,
            reserved: ReservedFile.all(
                statusFile: StatusFile.standardPath,
                controlSocket: controlSocket,
                stateFiles: StateDirectory(path: facts.stateDirectory).files
            ),
            // What we may read is not what the daemon may; that is computed from the modes.
            seesAsDaemon: false
        )
        let path = configuration
        let outcome = await look("configuration") {
            () -> Result<LoadedConfiguration, ConfigurationFaults> in
            do throws(ConfigurationFaults) {
                return .success(try loader.load(path))
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(let loaded)?:
            facts.configuration = loaded.configuration
            facts.files = loaded.files
            facts.faults = loaded.refused.map(\.description)
            facts.warnings = loaded.warnings.map(\.description)
        case .failure(let faults)?: facts.faults = faults.faults.map(\.description)
        case nil:
            facts.faults = ["\(facts.configurationPath) cannot be read in time: its disk hangs"]
        }
    }

    // MARK: users and units

    private func addUsers(
        to facts: inout Facts,
        shown: Result<[UnitProperties], ProgramFault>
    ) async {
        switch shown {
        case .success(let all): facts.unit.properties = all.first
        case .failure(let fault): facts.unit.trouble = fault.message
        }
        facts.unit.name = unit
        let properties = facts.unit.properties
        let isLoaded = facts.unit.isLoaded
        if let name = properties?.list("StateDirectory").first {
            facts.stateDirectory = "/var/lib/\(name)"
        }
        if isLoaded { facts.daemonUserName = properties?["User"] ?? "" }
        if facts.daemonUserName.isEmpty { facts.daemonUserName = "root" }
        var settings = ServiceSettings()
        settings.user = facts.daemonUserName
        settings.group = properties?["Group"] ?? ""
        settings.supplementaryGroups = properties?.list("SupplementaryGroups") ?? []
        let wanted = settings
        let capabilities = isLoaded ? properties?.capabilities : nil
        let process = isLoaded ? nil : facts.processes.first?.user
        let users = await look("users") { () -> (UserFacts?, UserFacts) in
            // The package's user is there as well where the daemon runs in a container, or by a unit of another name.
            var user = isLoaded ? Self.user(wanted) : process.map(Self.named)
            if let capabilities, user?.id == 0 {
                user?.overridesRights = capabilities.contains("cap_dac_override")
            }
            return (user, Self.whoever(geteuid()))
        }
        facts.areUsersKnown = users != nil
        facts.daemonUser = users?.0
        facts.me = users?.1 ?? Self.unnamed(geteuid())
    }

    /// A process's user under its name, where it has one.
    private static func named(_ user: UserFacts) -> UserFacts {
        var user = user
        user.name = whoever(user.id).name
        return user
    }

    private static func unnamed(_ id: uid_t) -> UserFacts {
        UserFacts(name: id == 0 ? "root" : "uid \(id)", id: id, groups: [getegid()])
    }

    private static func user(_ settings: ServiceSettings) -> UserFacts? {
        UnitUser(of: settings).map { user in
            UserFacts(name: user.name, id: user.id, groups: Set(user.groups + [user.group]))
        }
    }

    private static func whoever(_ id: uid_t) -> UserFacts {
        var settings = ServiceSettings()
        settings.user = "\(id)"
        return user(settings) ?? unnamed(id)
    }

    private func askStatus() async -> (StatusReport?, LocalHTTPClient.Failure?) {
        do throws(LocalHTTPClient.Failure) {
            let answer = try await LocalHTTPClient(path: controlSocket)
                .ask(.get, LocalAPIRequest.status.target, within: Self.patience)
            // One that cannot be read is of another version.
            guard let json = LocalAPIAnswer(answer, to: .status)?.report,
                let report = try? JSONDecoder().decode(StatusReport.self, from: Data(json.utf8))
            else { return (nil, .otherProtocol) }
            return (report, nil)
        } catch {
            return (nil, error)
        }
    }

    // MARK: the disk, systemd's other units, polkit, HAProxy

    private func addHost(to facts: inout Facts, _ configuration: Configuration) async {
        let units = facts.reloadedUnits(configuration)
        let usual = Set(
            configuration.outputs.compactMap { ReaderAssumption.usualUnit(of: $0.format) }
        )
        let names = Set(units).union(usual).sorted()
        async let shown = UnitQuestions(limit: Self.patience).show(names)
        let wanted = Self.paths(configuration, facts)
        let paths: [String: PathFacts] = await withTaskGroup(of: [(String, PathFacts)].self) {
            group in
            // A disk that hangs keeps only its own directory.
            for (place, paths) in wanted {
                group.addTask {
                    await look(place) { paths.map { ($0, PathLook.look(at: $0)) } } ?? []
                }
            }
            return await group.reduce(into: [:]) { all, some in
                for (path, facts) in some { all[path] = facts }
            }
        }
        facts.paths = paths
        let user = facts.actor
        let outputs = configuration.outputs.map(\.path)
        let groups = Set(
            configuration.outputs.compactMap(\.runtime).compactMap { paths[$0] }.flatMap(\.steps)
                .map(\.group)
        )
        let looked = await look("staging") {
            let faults = outputs.compactMap { path in
                AtomicFileWriter().stagingFault(of: path, usedBy: [user.id]).map {
                    (path, $0.description)
                }
            }
            let names = groups.compactMap { id in PathLook.groupName(id).map { (id, $0) } }
            return (
                Dictionary(faults) { first, _ in first }, Dictionary(names) { first, _ in first }
            )
        }
        (facts.staging, facts.groupNames) = looked ?? ([:], [:])
        if case .success(let all) = await shown {
            facts.unit.others = Dictionary(zip(names, all).map { ($0, $1) }) { first, _ in first }
        }
        let others = facts.unit.others
        let readers = await look("users") {
            configuration.outputs.compactMap { output in
                ReaderAssumption(units: others).reader(of: output, Self.user).map {
                    (output.path, $0)
                }
            }
        }
        facts.readers = Dictionary(readers ?? []) { first, _ in first }
        await addRights(to: &facts, units, configuration)
    }

    /// All paths that a check looks at, by what they wait for together: the outputs of a directory for that.
    private static func paths(
        _ configuration: Configuration,
        _ facts: Facts
    ) -> [String: Set<String>] {
        var paths = Set([facts.stateDirectory, facts.runtimeDirectory] + facts.sandboxPaths)
        paths.formUnion(configuration.outputs.compactMap(\.runtime))
        let etcd = configuration.etcd
        for place in [etcd.caFile, etcd.certFile, etcd.keyFile, etcd.passwordFile] {
            if case .path(let path)? = place { paths.insert(path) }
        }
        var places = Dictionary(paths.map { ($0, Set([$0])) }) { first, _ in first }
        for output in configuration.outputs {
            let place = directory(of: output.path)
            places[place, default: []].formUnion([place, output.path])
        }
        return places
    }

    private func addRights(
        to facts: inout Facts,
        _ units: [String],
        _ configuration: Configuration
    ) async {
        let process = facts.unit.process
        let (me, actor) = (facts.me, facts.actor)
        facts.reloadRights = await withTaskGroup { group in
            for name in units {
                group.addTask {
                    if actor.id == 0 { return (name, Asked.yes) }
                    guard me.id == 0 else { return (name, .unknown("root has to ask polkit")) }
                    guard let process else {
                        return (
                            name,
                            .unknown("polkit is asked about the daemon's process, and none runs")
                        )
                    }
                    return (
                        name, await UnitQuestions(limit: Self.patience).mayReload(name, process)
                    )
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        let sockets = Set(configuration.outputs.compactMap(\.runtime))
        facts.sockets = await withTaskGroup { group in
            for path in sockets {
                group.addTask {
                    let asked = await look(path) { HAProxyQuestion.takesChanges(at: path) }
                    return (path, asked ?? .unknown("it does not answer in time"))
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        let programs = Self.programs(configuration)
        let found = await look("programs") {
            programs.map { name in (name, Self.place(of: name).map(PathLook.look(atProgram:))) }
        }
        facts.programs = Dictionary(found ?? []) { first, _ in first }
    }

    /// The programs that the daemon runs, as they are named.
    private static func programs(_ configuration: Configuration) -> Set<String> {
        var programs: [String?] = []
        for output in configuration.outputs {
            programs += [output.command?.first, output.check?.first]
            if case .command(let words)? = output.reload?.kind { programs.append(words.first) }
        }
        for check in configuration.services.flatMap(\.checks) {
            if case .exec(let one) = check.kind { programs.append(one.program) }
        }
        return Set(programs.compactMap { $0 })
    }

    /// Where a program is that is named by its path or its name alone.
    private static func place(of program: String) -> String? {
        let places =
            program.contains("/")
            ? [program] : ProgramCall.searchPath.split(separator: ":").map { "\($0)/\(program)" }
        return places.first { access($0, F_OK) == 0 }
    }

    // MARK: etcd

    private typealias EtcdLook = (
        endpoints: [MemberExamination], files: [String], warnings: [String], password: String?,
        own: MemberExamination.ShownCertificate?, blindness: String?
    )

    private func examine(_ configuration: Configuration, _ facts: Facts) async -> EtcdLook {
        var settings = EtcdClient.Configuration(configuration.etcd)
        settings.threads = threads
        let etcd = configuration.etcd
        let isSecure = etcd.endpoints.contains { $0.scheme == .https }
        let tls = settings.tls
        let credentials = settings.credentials
        let blindness = await blindness(etcd, settings, isSecure: isSecure, facts)
        var (files, warnings, password): ([String], [String], String?) = ([], [], nil)
        var own: MemberExamination.ShownCertificate?
        if blindness == nil {
            let looked = await look("files of TLS") {
                () -> ([String], [String], String?, MemberExamination.ShownCertificate?) in
                var (files, warnings): ([String], [String]) = ([], [])
                do throws(EtcdError) {
                    if isSecure { warnings = try tls.check() }
                } catch {
                    files = [error.message]
                }
                do throws(EtcdError) {
                    _ = try credentials?.password()
                    return (files, warnings, nil, tls.ownCertificate())
                } catch {
                    return (files, warnings, error.message, tls.ownCertificate())
                }
            }
            (files, warnings, password, own) =
                looked ?? (
                    ["the files of TLS or the password cannot be read in time"], [], nil, nil
                )
        } else {
            // Without our certificate the steps before TLS can still be told.
            settings.tls.certificateFile = nil
            settings.tls.keyFile = nil
        }
        let names = NameLookup(threads: threads)
        let asked = settings
        let found = await withTaskGroup { group in
            for (place, endpoint) in etcd.endpoints.enumerated() {
                group.addTask {
                    // Cancelled it has no answer in time either.
                    let one = try? await within(Self.steps) {
                        await asked.examine(endpoint, names: names, within: Self.step)
                    }
                    if let one = one ?? nil { return (place, one) }
                    var late = MemberExamination(endpoint)
                    late.trouble = .init(.answer, "no answer in time")
                    return (place, late)
                }
            }
            return await group.reduce(into: [Int: MemberExamination]()) { $0[$1.0] = $1.1 }
        }
        let inOrder = found.sorted { $0.key < $1.key }.map(\.value)
        return (inOrder, files, warnings, password, own, blindness)
    }

    /// Why whoever asks cannot connect as the daemon does.
    private func blindness(
        _ etcd: Configuration.Etcd,
        _ settings: EtcdClient.Configuration,
        isSecure: Bool,
        _ facts: Facts
    ) async -> String? {
        let places = [isSecure ? etcd.keyFile : nil, etcd.passwordFile].compactMap { $0 }
        guard !places.isEmpty else { return nil }
        let credentials = ConfigurationSource.credentialsDirectory
        if credentials == nil,
            places.contains(where: { if case .credential = $0 { true } else { false } })
        {
            return
                "the files of the connection are credentials of the unit, which root sees while it runs"
        }
        guard facts.me.id != 0, facts.me.id != facts.daemonUser?.id else { return nil }
        let paths = places.map { $0.path(credentials: credentials) }
        let unreadable = await look("secrets") {
            paths.first { access($0, R_OK) != 0 && errno == EACCES }
        }
        return (unreadable ?? nil).map { "\(facts.me.name) may not read \($0); run this as root" }
    }

    private func addSession(to facts: inout Facts, _ configuration: Configuration) async {
        if let blindness = facts.blindness {
            facts.sessionTrouble = blindness
            return
        }
        let useful = facts.endpoints.filter { one in
            one.trouble == nil && one.answer.map { $0.leader != 0 && !$0.isLearner } == true
        }
        guard !useful.isEmpty else {
            facts.sessionTrouble = "no endpoint is of any use"
            return
        }
        guard facts.passwordTrouble == nil else {
            facts.sessionTrouble = facts.passwordTrouble
            return
        }
        var settings = EtcdClient.Configuration(configuration.etcd)
        // The member that the daemon is connected to, where it is one of them: of several clusters its own.
        let used = facts.daemon.status?.etcd
        let own = useful.filter { $0.endpoint.description == used }
        settings.endpoints = (own.isEmpty ? useful : own).map(\.endpoint)
        settings.dialTimeout = Self.step
        settings.requestTimeout = Self.step
        settings.threads = threads
        let socket = controlSocket
        facts.session = await EtcdSession(
            settings: settings,
            etcd: configuration.etcd,
            keys: Self.keys(configuration, facts.hostname),
            lease: facts.daemon.status?.lease.flatMap { UInt64($0, radix: 16) }.map {
                Int64(bitPattern: $0)
            },
            listed: facts.daemon.status?.revision
        ).facts(within: Self.session) {
            // The daemon may be a moment behind: it is asked again. Without an answer that can be read the two are not
            // compared.
            let answer = try? await LocalHTTPClient(path: socket)
                .ask(.get, LocalAPIRequest.status.target, within: .seconds(1))
            let json = answer.flatMap { LocalAPIAnswer($0, to: .status)?.report } ?? ""
            return (try? JSONDecoder().decode(StatusReport.self, from: Data(json.utf8)))?.revision
        }
    }

    /// The keys of this host's services: each service's, and its companion records'.
    private static func keys(
        _ configuration: Configuration,
        _ hostname: String
    ) -> [EtcdSession.OwnKey] {
        guard let address = PrimaryAddress.current() ?? HostAddress("127.0.0.1") else { return [] }
        return configuration.services.flatMap { service -> [EtcdSession.OwnKey] in
            // One without an address is registered nowhere.
            guard
                let instance = try? service.instance(hostname: hostname, primaryAddress: address)
            else { return [] }
            let own = EtcdSession.OwnKey(
                key: configuration.etcd.prefix.key(instance.key),
                service: instance.key
            )
            return [own]
                + service.companions(of: instance).map {
                    EtcdSession.OwnKey(key: $0.key, service: nil)
                }
        }
    }
}
