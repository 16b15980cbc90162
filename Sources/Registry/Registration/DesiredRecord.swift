/// What one key is to say: the instance and its state, with its companion records.
struct DesiredRecord: Hashable, Sendable {
    let instance: ServiceInstance
    let state: EndpointState
    var companions: [CompanionRecord] = []
}
