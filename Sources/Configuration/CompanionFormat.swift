/// In which form a service has a companion record, beside discoveryd's own, for those who read that.
enum CompanionFormat: String, CaseIterable, Sendable {
    /// The records of CoreDNS's etcd plugin; see ``SkyDNSRecord``.
    case skydns
}
