import Configuration
import Daemon
import EndpointFiles
import Files
import FoundationEssentials
import Glibc
import HealthChecks
import LocalServer
import Programs
import Registry
import Systemd
import Texts

// What this host says: its users, units, paths, programs, and the daemon if it runs.
extension FactGatherer {
    // MARK: users and units

    func addUsers(
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

    func askStatus() async -> (StatusReport?, LocalHTTPClient.Failure?) {
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

    func addHost(to facts: inout Facts, _ configuration: Configuration) async {
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
}
