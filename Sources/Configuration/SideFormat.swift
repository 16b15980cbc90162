/// In which form a service is registered beside discoveryd's own, for those who read that.
enum SideFormat: String, CaseIterable, Sendable {
    /// The records of CoreDNS's etcd plugin; see ``SkyDNSRecord``.
    case skydns
}
