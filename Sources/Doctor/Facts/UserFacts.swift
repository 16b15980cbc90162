/// A user with the groups it acts in.
package struct UserFacts: Hashable, Sendable {
    package var name: String
    package var id: UInt32
    package var groups: Set<UInt32>
    /// Whether the bits of a file's mode do not hold for it: root, unless it lacks CAP_DAC_OVERRIDE; see
    /// capabilities(7).
    package var overridesRights: Bool

    package init(name: String, id: UInt32, groups: Set<UInt32>) {
        self.name = name
        self.id = id
        self.groups = groups
        overridesRights = id == 0
    }
}
