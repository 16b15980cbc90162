import Configuration
import Daemon
import Etcd
import Files
import FoundationEssentials
import Glibc
import LocalServer
import Machines
import Network
import Registry
import Texts

// What each endpoint of etcd says, and what the daemon's user may do there.
extension FactGatherer {
    /// What a look at etcd shows.
    typealias EtcdLook = (
        endpoints: [MemberExamination], files: [String], warnings: [String], password: String?,
        own: MemberExamination.ShownCertificate?, blindness: String?
    )

    func examine(_ configuration: Configuration, _ facts: Facts) async -> EtcdLook {
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

    func addSession(to facts: inout Facts, _ configuration: Configuration) async {
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
