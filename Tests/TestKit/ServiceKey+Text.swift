public import Registry

extension ServiceKey {
    /// The key that is written `service/instance`.
    ///
    /// - Throws: ``DidNotHappen`` when no key is written so.
    public init(_ text: String) throws {
        let prefix = RegistryPrefix.standard
        guard let key = prefix.parse(StoreKey(prefix.text + text)) else {
            throw DidNotHappen(description: "no key of an instance: \(text)")
        }
        self = key
    }
}
