import Registry

extension RegistrationMachine {
    /// The watch has read a whole state, on one page.
    mutating func listHeard(_ snapshot: Snapshot, isRestored: Bool) -> [Action] {
        keysHeard(.page(snapshot.records, isFirst: true), at: .zero)
            + keysHeard(.listed(at: snapshot.revision, isRestored: isRestored), at: .zero)
    }
}
