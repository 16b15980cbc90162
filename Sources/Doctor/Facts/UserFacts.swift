/// A user with the groups it acts in.
package struct UserFacts: Hashable, Sendable {
    package var name: String
    package var id: UInt32
    package var groups: Set<UInt32>

    package init(name: String, id: UInt32, groups: Set<UInt32>) {
        self.name = name
        self.id = id
        self.groups = groups
    }
}
