/// What one key says: the instance, and what its owner says of it.
struct Offer: Hashable, Sendable {
    let instance: ServiceInstance
    let state: EndpointState
}
