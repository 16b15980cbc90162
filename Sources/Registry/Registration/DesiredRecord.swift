/// What one key says: the instance, and what its owner says of it; and what others are told beside.
struct Offer: Hashable, Sendable {
    let instance: ServiceInstance
    let state: EndpointState
    var beside: [SideRecord] = []
}
