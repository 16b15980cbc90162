package import Mustache
import Programs
import Registry
import Texts

/// Renders lists by a template of the administrator.
///
/// The whole file is rendered each time: nobody knows which part of a template depends on what. An endpoint or a service
/// with a value that the escape cannot represent is left out, and the template is rendered again without it, so that
/// counts, first and last are those of what is shown.
struct TemplateRenderer: Sendable {
    /// The most times that a list is rendered.
    private static let attempts = 3

    private let template: ListTemplate
    private let renderer: MustacheRenderer
    private let names: TemplateNames
    private let prefix: RegistryPrefix
    private let services: [ServiceName]?
    private let choice: EndpointChoice
    /// The choices between zones; `nil` where none is preferred.
    private var zones: ZoneChoices?

    /// A renderer for one output.
    ///
    /// - Parameters:
    ///   - services: The services to show, each of them always; all that have endpoints when `nil`.
    ///   - includeDraining: Whether endpoints are shown that want no new traffic: the template must say so.
    ///   - zones: Which zones it prefers. A template that names `preferred` is shown the others too.
    init(
        _ template: ListTemplate,
        prefix: RegistryPrefix,
        services: [ServiceName]?,
        filter: EndpointFilter = EndpointFilter(),
        includeDraining: Bool = false,
        zones: ZonePreference? = nil,
        limits: MustacheLimits = .standard
    ) {
        self.template = template
        self.prefix = prefix
        self.services = services.map { Set($0).sorted() }
        renderer = MustacheRenderer(
            template.text,
            partials: template.partials,
            escape: template.escape.escape,
            unescapedTags: .escaped,
            limits: limits
        )
        names = TemplateNames(for: template.escape)
        choice = EndpointChoice(
            filter: filter,
            includesDraining: includeDraining,
            includesEmpty: services != nil,
            includesAllTiers: template.mentions("preferred")
        )
        self.zones = zones.map { ZoneChoices($0, filter: filter) }
    }

    mutating func render(_ update: TableUpdate, at now: Duration = .zero) -> Rendering {
        let all = services(of: update, at: now)
        var rendering = rendering(of: all, update)
        rendering.spilling = zones?.spilling ?? []
        rendering.until = zones?.deadline
        return rendering
    }

    private func rendering(of all: [ServiceContext], _ update: TableUpdate) -> Rendering {
        var rejected: [String: EncodingFault] = [:]
        rejectAddresses(in: all, &rejected)
        do throws(MustacheError) {
            for attempt in 1...Self.attempts {
                let text = try renderer.render(.object(context(all, without: rejected, update)))
                guard !text.faults.isEmpty else {
                    return Rendering(
                        list: list(of: text, update.revision),
                        rejections: rejections(in: all, rejected)
                    )
                }
                for fault in text.faults { rejected[fault.origin] = encodingFault(fault) }
                // What is left out brings others to light, a new last one for instance. Hostile records must not make
                // that a race: before the last attempt goes whatever could.
                if attempt == Self.attempts - 1 { rejectAll(in: all, &rejected) }
            }
            let fault = ProgramFault(
                code: .notRendered,
                message:
                    "\(template.text.name): the endpoints that are left have values that it cannot print"
            )
            return nothing(fault, rejections(in: all, rejected), update.revision)
        } catch {
            let fault = ProgramFault(code: .notRendered, message: error.description)
            return nothing(fault, rejections(in: all, rejected), update.revision)
        }
    }

    // MARK: what is shown

    /// The services with all endpoints that the output could show.
    private mutating func services(of update: TableUpdate, at now: Duration) -> [ServiceContext] {
        let services = services.map { $0.map(update.table.named) } ?? update.table.services
        defer { zones?.keep(services) }
        return services.compactMap { service in
            var choice = choice
            choice.includesAllTiers = true
            let tiers = zones?.tiers(of: service, at: now)
            let matching = service.endpoints.filter(choice.filter.matches)
            // A service whose endpoints all drain is still there.
            guard choice.includesEmpty || !matching.isEmpty else { return nil }
            return ServiceContext(
                service: service.name,
                endpoints: matching.filter(choice.shows),
                names: names,
                tiers: tiers
            )
        }
    }

    /// The services with the endpoints that are shown when some are left out.
    private func shown(
        of all: [ServiceContext],
        without rejected: [String: EncodingFault]
    ) -> [ServiceContext] {
        var services = all.filter { rejected[$0.service.text] == nil }
        for index in services.indices {
            services[index].endpoints.removeAll {
                rejected[EndpointContext.origin(of: $0)] != nil
            }
            guard let tiers = services[index].tiers else { continue }
            let isServed = services[index].endpoints.contains {
                $0.wantsTraffic && tiers.prefers($0.instance.zone)
            }
            if !isServed {
                // Of the preferred none can be said: the others are better than nobody.
                services[index].tiers = tiers.withoutDifference
            } else if !choice.includesAllTiers {
                services[index].endpoints.removeAll { !tiers.prefers($0.instance.zone) }
            }
        }
        if !services.isEmpty {
            services[0].isFirst = true
            services[services.count - 1].isLast = true
        }
        return services
    }

    private func context(
        _ all: [ServiceContext],
        without rejected: [String: EncodingFault],
        _ update: TableUpdate
    ) -> ListContext {
        ListContext(
            host: template.host,
            source: ListOrigin(prefix: prefix, clusterID: update.clusterID),
            revision: update.revision,
            services: shown(of: all, without: rejected)
        )
    }

    // MARK: what is not

    private func encodingFault(_ fault: MustacheFault) -> EncodingFault {
        EncodingFault(
            .value,
            "has a value that the template cannot print: \(fault.error.message), \(fault.error.place)"
        )
    }

    /// Leaves out the endpoints that would be shown with an address which costs their reader the whole file.
    private func rejectAddresses(
        in all: [ServiceContext],
        _ rejected: inout [String: EncodingFault]
    ) {
        guard names != .asRegistered else { return }
        var before: Int
        repeat {
            before = rejected.count
            for endpoint in shown(of: all, without: rejected).flatMap(\.endpoints) {
                do throws(EncodingFault) {
                    try names.check(endpoint.instance.address)
                } catch {
                    rejected[EndpointContext.origin(of: endpoint)] = error
                }
            }
            // Where all of the preferred have gone, others come to light.
        } while rejected.count > before
    }

    /// Leaves out whatever has any text that the escape cannot represent, shown or not.
    private func rejectAll(in all: [ServiceContext], _ rejected: inout [String: EncodingFault]) {
        for service in all {
            note(service.service.text, [("name", names.spell(service.service.text))], &rejected)
            for endpoint in service.endpoints {
                let context = EndpointContext(endpoint: endpoint, names: names)
                note(EndpointContext.origin(of: endpoint), context.texts, &rejected)
            }
        }
    }

    private func note(
        _ origin: String,
        _ texts: [(name: String, text: String)],
        _ rejected: inout [String: EncodingFault]
    ) {
        guard rejected[origin] == nil else { return }
        for (name, text) in texts {
            var bytes: [UInt8] = []
            do throws(UnrepresentableValue) {
                try template.escape.escape.append(text, to: &bytes)
            } catch {
                rejected[origin] = EncodingFault(
                    .value,
                    "has a value that the template cannot print: \(name) \(error.what), which the escape "
                        + "\"\(template.escape.rawValue)\" cannot represent"
                )
                return
            }
        }
    }

    private func rejections(
        in all: [ServiceContext],
        _ rejected: [String: EncodingFault]
    ) -> [Rejection] {
        guard !rejected.isEmpty else { return [] }
        var rejections: [Rejection] = []
        for service in all {
            if let fault = rejected[service.service.text] {
                rejections.append(Rejection(service: service.service, instance: nil, fault: fault))
                continue
            }
            for endpoint in service.endpoints {
                guard let fault = rejected[EndpointContext.origin(of: endpoint)] else { continue }
                let key = endpoint.instance.key
                rejections.append(
                    Rejection(service: key.service, instance: key.instance, fault: fault)
                )
            }
        }
        return rejections
    }

    // MARK: the file

    /// A revision that is printed once is held apart: a list that differs in it alone is the same.
    private func list(of text: MustacheText, _ revision: Revision) -> RenderedList {
        guard text.tracked.count == 1, let place = text.tracked.first else {
            return RenderedList(
                head: [],
                revision: revision,
                pieces: [text.bytes],
                saysRevision: false
            )
        }
        return RenderedList(
            head: Array(text.bytes[..<place.lowerBound]),
            revision: revision,
            pieces: [Array(text.bytes[place.upperBound...])],
            saysRevision: true
        )
    }

    private func nothing(
        _ fault: ProgramFault,
        _ rejections: [Rejection],
        _ revision: Revision
    ) -> Rendering {
        Rendering(
            list: RenderedList(head: [], revision: revision, pieces: [], saysRevision: false),
            rejections: rejections,
            fault: fault
        )
    }
}

extension ListTemplate {
    /// Whether the template or one of its partials names this anywhere.
    func mentions(_ name: String) -> Bool {
        text.mentions(name) || partials.values.contains { $0.mentions(name) }
    }

    /// Renders the template over a list of one plain endpoint, within few steps.
    ///
    /// - Returns: What would be wrong with it on every host, as far as that shows.
    package var trialFault: MustacheError? {
        guard let service = ServiceName(declared: "web"), let id = InstanceID(declared: "web-1"),
            let address = HostAddress("192.0.2.1")
        else { return nil }
        let endpoint = Endpoint(
            instance: ServiceInstance(
                key: ServiceKey(service: service, instance: id),
                address: address,
                port: 80,
                zone: "a",
                tags: ["b"],
                meta: ["c": "d"]
            ),
            createRevision: Revision(rawValue: 1),
            modRevision: Revision(rawValue: 1),
            version: 1,
            lease: LeaseID(rawValue: 1)
        )
        var shown = ServiceContext(
            service: service,
            endpoints: [endpoint],
            names: TemplateNames(for: escape)
        )
        (shown.isFirst, shown.isLast) = (true, true)
        let context = ListContext(
            host: host,
            source: ListOrigin(prefix: .standard, clusterID: ClusterID(rawValue: 1)),
            revision: Revision(rawValue: 1),
            services: [shown]
        )
        let renderer = MustacheRenderer(
            text,
            partials: partials,
            escape: escape.escape,
            unescapedTags: .escaped,
            limits: MustacheLimits(steps: 100_000, depth: 128, bytes: 8 << 20)
        )
        do throws(MustacheError) {
            return try renderer.render(.object(context)).faults.first?.error
        } catch {
            return error
        }
    }
}
