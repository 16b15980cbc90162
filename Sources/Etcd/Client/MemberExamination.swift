import Certificates
import EtcdAPI
import GRPCTransport
import Machines
import NIOCore
import NIOPosix
package import Network
package import Texts

/// Describes what an endpoint of etcd answers when it is looked at step by step, and at which step it fails.
///
/// Nobody logs in for it. See ``EtcdClient/Configuration/examine(_:names:within:)``.
package struct MemberExamination: Sendable {
    /// One step; each needs the one before.
    package enum Step: Int, Comparable, Sendable {
        /// The name has addresses.
        case name
        /// One of them takes connections.
        case connection
        /// The two sides agree on TLS, or on none.
        case security
        /// The member answers.
        case answer

        package static func < (left: Step, right: Step) -> Bool { left.rawValue < right.rawValue }
    }

    /// A step that failed.
    package struct Trouble: Hashable, Sendable {
        package var step: Step
        /// A sentence with the remedy where there is one.
        package var message: String

        package init(_ step: Step, _ message: String) {
            self.step = step
            self.message = message
        }
    }

    /// The certificate that the server showed.
    package struct ShownCertificate: Hashable, Sendable {
        /// From when to when it is valid, in seconds since 1970.
        package var begins: Int
        package var ends: Int
        /// The names that it is for, as openssl writes them.
        package var names: [String]

        package init(begins: Int, ends: Int, names: [String] = []) {
            self.begins = begins
            self.ends = ends
            self.names = names
        }
    }

    /// The member's word on itself and its cluster.
    package struct Answer: Hashable, Sendable {
        /// Zero when it tells nobody who has not logged in.
        package var cluster: UInt64 = 0
        package var member: UInt64 = 0
        /// Such as `3.5.1`; `unknown` when it tells nobody who has not logged in.
        package var version = ""
        /// Zero when it knows none.
        package var leader: UInt64 = 0
        package var isLearner = false
        /// Alarms and other errors, in its own words.
        package var errors: [String] = []

        package init() {}
    }

    package var endpoint: EtcdEndpoint
    package var addresses: [HostAddress] = []
    /// The first step that failed.
    package var trouble: Trouble?
    package var certificate: ShownCertificate?
    package var answer: Answer?
    /// How far the server's clock is ahead of ours, in seconds, by the `Date` of a page of HTTP/1.1; that has no
    /// fractions, so one second more or less means nothing. `nil` where there is no such page.
    package var clockAhead: Int?
    /// The times that reads took, which only a member in touch with its cluster answers.
    package var roundTrips: [Duration] = []

    package init(_ endpoint: EtcdEndpoint) {
        self.endpoint = endpoint
    }
}

extension EtcdClient.Configuration {
    /// Looks at one endpoint step by step: name, connection, TLS, answer. Nothing is written and nobody logs in.
    ///
    /// - Parameters:
    ///   - names: Looks its name up.
    ///   - limit: How long each step may take.
    /// - Returns: What was found, up to the step that failed. Cancelled it is cut short.
    package func examine(
        _ endpoint: EtcdEndpoint,
        names: NameLookup,
        within limit: Duration
    ) async -> MemberExamination {
        var found = MemberExamination(endpoint)
        switch await addresses(of: endpoint.host, names, limit) {
        case .success(let addresses): found.addresses = addresses
        case .failure(let trouble):
            found.trouble = .init(.name, trouble.message)
            return found
        }
        let connection: MemberConnection
        do throws(EtcdError) {
            connection = try await MemberConnection(
                to: endpoint,
                within: limit,
                configuration: self,
                names: names
            )
        } catch {
            let step = await step(of: error, to: endpoint, found.addresses, limit)
            found.trouble = .init(step, error.message)
            return found
        }
        let address = found.addresses.first ?? endpoint.host
        async let page = VersionPage.ask(
            address,
            endpoint,
            tls: connection.material.map { ($0, tls.serverName) },
            within: limit
        )
        let (answer, trips, trouble) = await Self.ask(connection, within: limit)
        found.answer = answer
        found.roundTrips = trips
        found.trouble = trouble.map { .init(.answer, $0.message) }
        if let page = await page {
            found.clockAhead = page.clockAhead
            found.certificate = page.certificate
        }
        return found
    }

    private func addresses(
        of host: HostAddress,
        _ names: NameLookup,
        _ limit: Duration
    ) async -> Result<[HostAddress], NameTrouble> {
        guard host.family == .name else { return .success([host]) }
        let name = host.text
        do {
            let addresses = try await Machines.within(limit) { try await names.addresses(of: name) }
            if let addresses { return .success(addresses) }
            return .failure(NameTrouble("the name servers do not answer for \(name) in time"))
        } catch NameLookup.Failure.unknown(let words) {
            return .failure(NameTrouble("the name \(name) cannot be resolved (\(words))"))
        } catch {
            return .failure(NameTrouble("the lookup of \(name) was cancelled"))
        }
    }

    private struct NameTrouble: Error {
        let message: String

        init(_ message: String) { self.message = message }
    }

    /// The step at which there was no connection.
    private func step(
        of error: EtcdError,
        to endpoint: EtcdEndpoint,
        _ addresses: [HostAddress],
        _ limit: Duration
    ) async -> MemberExamination.Step {
        guard error.code != .unusableFile else { return .security }
        switch error.cause as? ConnectionError {
        case .nameUnknown?: return .name
        case .socket?: return .connection
        case .tls?, .mismatch?: return .security
        case .timedOut?:
            // Nobody says whether it was the connect or what came behind it.
            let isReached = await Self.takesConnections(addresses, endpoint.port, limit)
            guard isReached else { return .connection }
            return endpoint.scheme == .https ? .security : .answer
        default: return .answer
        }
    }

    private static func takesConnections(
        _ addresses: [HostAddress],
        _ port: UInt16,
        _ limit: Duration
    ) async -> Bool {
        for address in addresses.prefix(4) {
            let channel = try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.nanoseconds(Int64((limit / 4) / .nanoseconds(1))))
                .connect(host: address.text, port: Int(port)).get()
            channel?.close(promise: nil)
            if channel != nil { return true }
        }
        return false
    }

    /// How many reads are timed.
    private static let reads = 7

    private static func ask(
        _ connection: MemberConnection,
        within limit: Duration
    ) async -> (MemberExamination.Answer?, [Duration], EtcdError?) {
        await withTaskGroup { group in
            group.addTask { await connection.run() }
            defer { group.cancelAll() }
            do throws(EtcdError) {
                let answer = MemberExamination.Answer(try await connection.status(within: limit))
                guard answer.leader != 0, !answer.isLearner else { return (answer, [], nil) }
                var trips: [Duration] = []
                do throws(EtcdError) {
                    for _ in 0..<reads {
                        let began = ContinuousClock.now
                        _ = try await connection.probe(within: limit)
                        trips.append(began.duration(to: .now))
                        if trips.reduce(.zero, +) > limit { break }
                    }
                } catch {
                    return (answer, trips, error)
                }
                return (answer, trips, nil)
            } catch {
                return (nil, [], error)
            }
        }
    }
}

extension MemberExamination.Answer {
    init(_ status: Etcdserverpb_StatusResponse) {
        self.init()
        cluster = status.header.clusterID
        member = status.header.memberID
        version = status.version
        leader = status.leader
        isLearner = status.isLearner
        errors = status.errors
    }
}

extension EtcdClient.TLS {
    /// Reads from when to when our own certificate is valid. Blocks.
    ///
    /// - Returns: `nil` when there is none, or the files are of no use: see ``check()``.
    package func ownCertificate() -> MemberExamination.ShownCertificate? {
        let material = try? TLSMaterial(reading: self, now: CertificateValidity.now)
        guard let validity = material?.validity else { return nil }
        return .init(begins: validity.begins, ends: validity.ends)
    }
}
